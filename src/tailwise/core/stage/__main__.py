"""``python -m tailwise.core.stage SCRIPT [ARGUMENT...]``, see launcher.py."""

from tailwise.core.stage.launcher import leave, main

if __name__ == "__main__":
    leave(main())
