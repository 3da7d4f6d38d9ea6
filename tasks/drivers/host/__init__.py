"""This machine: processes, files, PDF readers, stores."""
