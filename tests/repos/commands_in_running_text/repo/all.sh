python prepare.py
