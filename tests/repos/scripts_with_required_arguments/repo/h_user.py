import g_imported

for step in range(3):
    g_imported.print(step)
