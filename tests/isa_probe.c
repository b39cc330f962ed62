/* isa_probe NAME: exit status 0 when this CPU and this build have the kernels of that instruction set. */
#include <weyl/kernels.h>

int main(int argc, char **argv) { return argc == 2 && weyl_kernels_named(argv[1]) ? 0 : 1; }
