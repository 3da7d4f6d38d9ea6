#include <stdio.h>
#include "state.h"

int main(int argc, char *argv[])
{
	if (argc < 2) {
		fprintf(stderr, "Usage: checksum FILE\n");
		return 1;
	}
	be_loud();
	printf("%08lx\n", sum_of(argv[1]));
	return 0;
}
