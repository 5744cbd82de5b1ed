"""`python -m cracknet`."""

from cracknet.cli import entry

if __name__ == "__main__":
    entry()
