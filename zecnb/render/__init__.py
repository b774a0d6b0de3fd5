"""What a person sees: tables, charts and the report, made from plain values; knows no client and no rules."""
