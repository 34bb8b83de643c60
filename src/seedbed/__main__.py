"""`python -m seedbed`: the command, where it is not on the path."""

from seedbed.cli import main

if __name__ == "__main__":
    main()
