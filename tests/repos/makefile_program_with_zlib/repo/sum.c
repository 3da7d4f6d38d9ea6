#include <stdio.h>
#include <zlib.h>
#include "state.h"

unsigned long sum_of(const char *path)
{
	char buffer[4096];
	size_t size;
	unsigned long sum = crc32(0L, Z_NULL, 0);
	FILE *file = fopen(path, "r");
	if (file == NULL) return 0;
	while ((size = fread(buffer, 1, sizeof buffer, file)) > 0)
		sum = crc32(sum, (const unsigned char *)buffer, size);
	fclose(file);
	if (verbose) fprintf(stderr, "%s\n", path);
	return sum;
}
