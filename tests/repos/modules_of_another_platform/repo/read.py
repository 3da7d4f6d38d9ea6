import winreg

try:
    import AppKit
except ImportError:
    AppKit = None

print(winreg.HKEY_CURRENT_USER, AppKit)
