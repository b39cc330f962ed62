/* Declares every kernel of the instruction set WEYL_ISA and the type WEYL_TYPE; included once for each pair. */
#define X(U, l) void K(unary_##l) UNARY_ARGS;
WEYL_UNARY_LIST(X)
#undef X
#define X(U, l) void K(binary_##l) BINARY_ARGS;
WEYL_BINARY_LIST(X)
#undef X
#define F(name, args) void K(name) args;
KERNEL_OTHERS(F)
#undef F
