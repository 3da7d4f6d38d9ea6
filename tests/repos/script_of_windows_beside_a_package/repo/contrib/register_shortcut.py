import winreg

if __name__ == "__main__":
    winreg.CreateKey(winreg.HKEY_CURRENT_USER, "Software")
