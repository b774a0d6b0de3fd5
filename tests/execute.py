"""Run the notebooks and write them back as they are committed: ``python -m tests.execute [NAME ...]``."""

from __future__ import annotations

import sys
import tempfile

import nbformat
from nbclient import NotebookClient

from zecnb.showcase import notebooks_folder


def main() -> int:
    """Run those named, all by default, in an empty folder; keep their outputs, drop what changes from run to run."""
    wanted = sys.argv[1:]
    for path in sorted(notebooks_folder().glob("*.ipynb")):
        if wanted and path.name not in wanted and path.stem not in wanted:
            continue
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
        notebook.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
            for output in cell.get("outputs", []):  # a widget's id is another each time; its picture and text stay
                output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
        print(path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
