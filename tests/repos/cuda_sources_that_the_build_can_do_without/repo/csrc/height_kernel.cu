__global__ void height_kernel() {}
