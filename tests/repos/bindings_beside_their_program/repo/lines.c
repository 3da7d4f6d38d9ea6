#include <string.h>
#include <zlib.h>
#include "lines.h"

long count_lines(const char *path, int unique)
{
    char line[1024], last[1024] = "";
    long count = 0;
    gzFile file = gzopen(path, "r");
    if (file == NULL) return -1;
    while (gzgets(file, line, sizeof line) != NULL) {
        if (!unique || strcmp(line, last) != 0) count++;
        strcpy(last, line);
    }
    gzclose(file);
    return count;
}
