"""``python -m tailwise.core.stage SCRIPT [ARGUMENT...]``, see launcher.py."""

from tailwise.core.stage.launcher import FastExit, main

if __name__ == "__main__":
    fast_exit = FastExit()
    fast_exit.status = main()
