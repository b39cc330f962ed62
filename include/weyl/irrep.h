/* weyl/irrep.h: representations of rotations and reflections on plain arrays: spherical harmonics, Wigner matrices,
 * the couplings of two representations into a third, and functions on grids of the sphere and the torus.
 *
 * Conventions, for everything below.
 *   Degree l = 0, 1, ..., WEYL_L_MAX, order m = -l ... l; the numbers of one degree stand in this order of m, and
 *   degrees follow each other: (l,m) is at l(l+1) + m.
 *   Real spherical harmonics, orthonormal on the sphere, no Condon-Shortley phase.  Two choices of axes: WEYL_AXES_E3NN
 *   (the default, polar axis y: degree 1 is (x, y, z) times a constant) and WEYL_AXES_STANDARD (polar axis z: degree 1
 *   is (y, z, x); sphericart's).  Y_e3nn(x, y, z) = Y_standard(z, x, y); the same numbers, so that couplings are those
 *   of both.
 *   Tables are made in double and are right to rounding for every degree up to WEYL_L_MAX.
 * Sources: S. Luo, T. Chen, A. Krishnapriyan, arXiv 2401.10216 (Gaunt products); A. Bochkarev, Y. Lysogorskiy,
 * R. Drautz, arXiv 2605.15073 (Poisson bracket); K. Schulten, R. Gordon, J. Math. Phys. 16, 1961 (1975) (3j).
 */
#ifndef WEYL_IRREP_H
#define WEYL_IRREP_H

#include <weyl/group.h>

WEYL_BEGIN_API

#define WEYL_L_MAX 64 /* the highest degree of anything here */

/* ---- lists of irreps --------------------------------------------------------------------------------------------- */

/* mul copies of the irrep of O(3) of degree l and parity 1 (even, "e") or -1 (odd, "o"): a rotation acts on each copy
 * by D^l, the inversion x -> -x by the parity.  A list is a direct sum: numbers stand block by block, in a block copy
 * by copy, [mul][2 l + 1] (e3nn's layout).  All zero is the empty list, of dimension 0. */
typedef struct weyl_irrep {
  int64_t mul;
  int32_t l, parity;
} weyl_irrep;
typedef struct weyl_irreps {
  int32_t n; /* blocks */
  const weyl_irrep *item;
} weyl_irreps;

#define WEYL_IRREPS_MUL_MAX INT32_MAX          /* copies in one block */
#define WEYL_IRREPS_DIM_MAX ((int64_t)1 << 40) /* numbers of a whole list */

/* irreps := "" | block { "+" block };  block := [ COPIES "x" ] DEGREE ( "e" | "o" | "y" ), with blanks anywhere
 * between. "y" is the parity of the spherical harmonics, (-1)^l.  Blocks of 0 copies are kept.  The list lives in the
 * arena. WEYL_FORMAT with the position and what was expected there, WEYL_BAD_ARG for numbers out of range. */
WEYL_MUST_CHECK weyl_status weyl_irreps_parse(weyl_context *ctx, weyl_arena *arena, const char *text, weyl_irreps *out);
/* WEYL_BAD_ARG, naming the block, if a list made by hand breaks a bound. */
WEYL_MUST_CHECK weyl_status weyl_irreps_check(weyl_context *ctx, weyl_irreps irreps);
/* "16x0e+8x1o", in the arena; parses to the same list.  NULL: no memory. */
const char *weyl_irreps_text(weyl_arena *arena, weyl_irreps irreps);
/* Degrees 0 ... l_max, one copy each, of parity (-1)^l: what weyl_harmonics gives. */
WEYL_MUST_CHECK weyl_status weyl_irreps_spherical(weyl_context *ctx, weyl_arena *arena, int l_max, weyl_irreps *out);

int64_t weyl_irreps_dim(weyl_irreps irreps);
int64_t weyl_irreps_at(weyl_irreps irreps, int32_t block); /* the first number of a block; of block n: the dimension */
int64_t weyl_irreps_count(weyl_irreps irreps, int l, int parity); /* copies over all blocks */
int weyl_irreps_l_max(weyl_irreps irreps);            /* of the blocks that have copies; -1: there are none */
bool weyl_irreps_equal(weyl_irreps a, weyl_irreps b); /* block by block */
/* By degree, odd before even as in e3nn, equal ones in their order.  from [n] or NULL: the block of `irreps` that each
 * block of `out` is; numbers [dim] or NULL: likewise for each number. */
WEYL_MUST_CHECK weyl_status weyl_irreps_sort(weyl_context *ctx, weyl_arena *arena, weyl_irreps irreps, weyl_irreps *out,
                                             int32_t *from, int64_t *numbers);
/* Equal neighbours become one block, blocks of 0 copies go: the numbers stay where they are. */
WEYL_MUST_CHECK weyl_status weyl_irreps_simplify(weyl_context *ctx, weyl_arena *arena, weyl_irreps irreps,
                                                 weyl_irreps *out);

/* ---- spherical harmonics ----------------------------------------------------------------------------------------- */

typedef enum weyl_axes {
  WEYL_AXES_E3NN = 0,    /* polar axis y */
  WEYL_AXES_STANDARD = 1 /* polar axis z: sphericart */
} weyl_axes;
typedef enum weyl_harmonics_norm {
  WEYL_HARMONICS_INTEGRAL = 0,  /* orthonormal on the sphere: sum over m of Y^2 = (2 l + 1) / (4 pi) */
  WEYL_HARMONICS_COMPONENT = 1, /* times sqrt(4 pi): the sum is 2 l + 1 */
  WEYL_HARMONICS_NORM = 2       /* times sqrt(4 pi / (2 l + 1)): the sum is 1 */
} weyl_harmonics_norm;
typedef struct weyl_harmonics_opts { /* all zero but l_max are the defaults */
  int l_max;
  weyl_axes axes;
  weyl_harmonics_norm norm;
  bool solid; /* r^l Y(r / |r|), polynomials; otherwise of the direction alone */
} weyl_harmonics_opts;
/* Real spherical harmonics of n points, all degrees 0 ... l_max.
 *   xyz  in   [n][3]                  WEYL_F32 or WEYL_F64, as y and dy
 *   y    out  [n][(l_max + 1)^2]
 *   dy   out  [n][3][(l_max + 1)^2]   derivatives by x, y, z; or NULL
 * A zero vector has no direction: degrees above 0 are 0 there, and so are all derivatives (not so for solid harmonics,
 * which are polynomials).  NaN passes through to its own point, degrees above 0; a direction with an infinite
 * coordinate is NaN too. WEYL_BAD_ARG for n < 0, l_max out of range or an unknown choice, WEYL_DTYPE for other types.
 * Cost O(n l_max^2); on the threads of the context. */
WEYL_MUST_CHECK weyl_status weyl_harmonics(weyl_context *ctx, const weyl_harmonics_opts *opts, weyl_dtype dtype,
                                           int64_t n, const void *xyz, void *y, void *dy);

/* The same for callers that deal points to threads of their own: a plan, made once and shared, and calls that allocate
 * nothing and start no threads.  work: weyl_harmonics_work bytes, 64-byte aligned, of this call alone. */
typedef struct weyl_harmonics_plan weyl_harmonics_plan;
WEYL_MUST_CHECK weyl_status weyl_harmonics_plan_new(weyl_context *ctx, const weyl_harmonics_opts *opts,
                                                    weyl_dtype dtype, weyl_harmonics_plan **plan);
void weyl_harmonics_plan_free(weyl_harmonics_plan *plan); /* NULL is fine */
size_t weyl_harmonics_work(const weyl_harmonics_plan *plan);
void weyl_harmonics_run(const weyl_harmonics_plan *plan, int64_t n, const void *xyz, void *y, void *dy, void *work);

/* ---- rotations and Wigner matrices ------------------------------------------------------------------------------- */

/* Rotations are matrices [3][3], row-major, acting on columns (x, y, z): r' = R r. */

/* From a quaternion w + x i + y j + z k, of any length but 0.  WEYL_BAD_ARG for length 0, NaN or infinity. */
WEYL_MUST_CHECK weyl_status weyl_rotation_from_quaternion(weyl_context *ctx, const double wxyz[4], double r[9]);
/* From an axis of any length but 0 and the angle in radians, right-handed.  WEYL_BAD_ARG as above. */
WEYL_MUST_CHECK weyl_status weyl_rotation_from_axis(weyl_context *ctx, const double axis[3], double angle, double r[9]);
/* Euler angles in radians.  Standard axes: R = R_z(alpha) R_y(beta) R_z(gamma); e3nn's: R_y(alpha) R_x(beta)
 * R_y(gamma), so that the same angles give the same Wigner matrices. */
void weyl_rotation_from_euler(weyl_axes axes, double alpha, double beta, double gamma, double r[9]);
/* Back, with alpha and gamma in (-pi, pi] and beta in [0, pi]; alpha = 0 where beta is exactly 0 or pi. */
void weyl_rotation_to_euler(weyl_axes axes, const double r[9], double angles[3]);
/* A rotation that takes the direction of v to the polar axis; the identity for the zero vector. */
void weyl_rotation_to_pole(weyl_axes axes, const double v[3], double r[9]);

/* Real Wigner matrices: Y_l(R r) = D^l(R) Y_l(r); orthogonal, D(R S) = D(R) D(S); out [2 l + 1][2 l + 1].  With e3nn's
 * axes D^1 = R.  WEYL_BAD_ARG if R is no rotation to 1e-6 (what is left is not corrected) or l is out of range.
 * Cost O(l^3). */
WEYL_MUST_CHECK weyl_status weyl_wigner_d(weyl_context *ctx, int l, weyl_axes axes, const double r[9], double *out);
/* Degrees 0 ... l_max one after the other, D^l at weyl_wigner_d_at(l): weyl_wigner_d_at(l_max + 1) numbers in all. */
WEYL_MUST_CHECK weyl_status weyl_wigner_d_all(weyl_context *ctx, int l_max, weyl_axes axes, const double r[9],
                                              double *out);
static inline size_t weyl_wigner_d_at(int l) { return (size_t)l * (4 * (size_t)l * (size_t)l - 1) / 3; }

/* The matrix by which an element of O(3) (det R = 1 or -1) acts on a list of irreps: block-diagonal, [dim][dim].
 * WEYL_BAD_ARG beyond dim = 32768. */
WEYL_MUST_CHECK weyl_status weyl_irreps_matrix(weyl_context *ctx, weyl_irreps irreps, weyl_axes axes, const double r[9],
                                               double *out);
/* The same applied to n rows: y [n][dim] from x [n][dim], WEYL_F32 or WEYL_F64; y may be x. */
WEYL_MUST_CHECK weyl_status weyl_irreps_act(weyl_context *ctx, weyl_irreps irreps, weyl_axes axes, const double r[9],
                                            weyl_dtype dtype, int64_t n, const void *x, void *y);

/* ---- couplings --------------------------------------------------------------------------------------------------- */

/* Real 3j symbols W[i][j][k], i = m1 + l1 and so on: out [2 l1 + 1][2 l2 + 1][2 l3 + 1].  They are real, unchanged by
 * one rotation of all three, and sum W^2 = 1; symmetric under exchange of two degrees (with their orders) for even
 * l1 + l2 + l3, antisymmetric for odd.  All zero unless |l1 - l2| <= l3 <= l1 + l2.  Entries that vanish are exactly 0.
 * The sign of each W is a gauge: ours, or e3nn's, which differs by weyl_wigner_3j_sign: (-1)^ceil((l1 + l2 + l3) / 2).
 * WEYL_BAD_ARG for a degree out of range.  Cost O(l1 l2) and the zeroing of out. */
typedef enum weyl_gauge { WEYL_GAUGE_WEYL = 0, WEYL_GAUGE_E3NN = 1 } weyl_gauge;
WEYL_MUST_CHECK weyl_status weyl_wigner_3j(weyl_context *ctx, int l1, int l2, int l3, weyl_gauge gauge, double *out);
int weyl_wigner_3j_sign(int l1, int l2, int l3); /* e3nn's W over ours: 1 or -1 */
/* sqrt(2 l3 + 1) W: the real Clebsch-Gordan coefficients; as a matrix [(2 l1 + 1)(2 l2 + 1)][2 l3 + 1] an isometry. */
WEYL_MUST_CHECK weyl_status weyl_clebsch(weyl_context *ctx, int l1, int l2, int l3, weyl_gauge gauge, double *out);
/* The integrals of Y1 Y2 Y3 over the sphere (Gaunt coefficients) and of {Y1, Y2} Y3, {f, g} = r . (grad f x grad g)
 * (Poisson bracket): out as above.  They are W (our gauge) times one factor of the three degrees. */
WEYL_MUST_CHECK weyl_status weyl_gaunt(weyl_context *ctx, int l1, int l2, int l3, double *out);
WEYL_MUST_CHECK weyl_status weyl_poisson(weyl_context *ctx, int l1, int l2, int l3, double *out);
/* Those factors, rho: 0 for odd l1 + l2 + l3, and kappa: 0 for even.  Both 0 off the triangle, NaN for a degree out of
 * range. */
double weyl_gaunt_factor(int l1, int l2, int l3);
double weyl_poisson_factor(int l1, int l2, int l3);
/* The complex 3j symbol (l1 l2 l3; m1 m2 m3) of Racah's formula: 0 when it breaks a selection rule, NaN for a degree
 * out of range. */
double weyl_complex_3j(int l1, int l2, int l3, int m1, int m2, int m3);

/* The couplings that are not 0, by k, then i, then j: what a product loops over. */
typedef struct weyl_coupling {
  int32_t i, j, k; /* m1 + l1, m2 + l2, m3 + l3 */
  double value;
} weyl_coupling;
typedef struct weyl_couplings {
  int64_t n;
  const weyl_coupling *item;
} weyl_couplings;
typedef enum weyl_coupling_kind {
  WEYL_COUPLING_3J = 0,      /* weyl_wigner_3j */
  WEYL_COUPLING_CLEBSCH = 1, /* weyl_clebsch */
  WEYL_COUPLING_GAUNT = 2,
  WEYL_COUPLING_POISSON = 3
} weyl_coupling_kind;
/* gauge is that of the first two kinds.  The list lives in the arena. */
WEYL_MUST_CHECK weyl_status weyl_couplings_find(weyl_context *ctx, weyl_arena *arena, weyl_coupling_kind kind, int l1,
                                                int l2, int l3, weyl_gauge gauge, weyl_couplings *out);

/* Paths: the ways in which a block of one list times a block of a second makes a block of a third. */
typedef struct weyl_path {
  int32_t in1, in2, out; /* blocks */
  int32_t l1, l2, l3;
} weyl_path;
typedef struct weyl_paths {
  int64_t n;
  const weyl_path *item;
} weyl_paths;
typedef enum weyl_path_kind {                     /* bits */
                              WEYL_PATH_EVEN = 1, /* l1 + l2 + l3 even: those of a Gaunt product */
                              WEYL_PATH_ODD = 2,  /* odd: those of a Poisson bracket */
                              WEYL_PATH_ALL = 3
} weyl_path_kind;
/* All paths that degrees (the triangle) and parities (p1 p2 = p3) allow, by in1, in2, out; blocks of 0 copies have
 * none. The list lives in the arena. */
WEYL_MUST_CHECK weyl_status weyl_paths_find(weyl_context *ctx, weyl_arena *arena, weyl_irreps in1, weyl_irreps in2,
                                            weyl_irreps out, weyl_path_kind kind, weyl_paths *paths);
/* The whole product: a block of mul1 mul2 copies for every path up to degree l_max (-1: all), sorted as by
 * weyl_irreps_sort; e3nn's FullTensorProduct.  paths may be NULL.  WEYL_BAD_ARG when a degree or the dimension of the
 * product goes beyond the bounds. */
WEYL_MUST_CHECK weyl_status weyl_irreps_product(weyl_context *ctx, weyl_arena *arena, weyl_irreps in1, weyl_irreps in2,
                                                int l_max, weyl_irreps *out, weyl_paths *paths);

/* ---- functions on a grid of the sphere --------------------------------------------------------------------------- */

/* n_theta Gauss-Legendre nodes in cos theta (the polar angle) times n_phi equal steps of phi, and the tables of the
 * transforms between values there and coefficients x: f = sum x_lm Y_lm.  The transforms do not depend on the choice of
 * axes, only the points do.  Everything lives in the arena.
 *   A sum over the grid with its weights is the integral over the sphere, exact for functions up to total degree D, if
 * n_theta >= (D + 1) / 2 and n_phi >= D + 1 (weyl_sphere_grid_sizes).  A product of functions of degrees l1 and l2,
 * taken to degree l3, needs D = l1 + l2 + l3; with fewer nodes it is no longer equivariant. */
typedef struct weyl_sphere_grid {
  int l_max, n_theta, n_phi;
  const double *z;                       /* [n_theta] cos theta, ascending */
  const double *phi;                     /* [n_phi] */
  const double *weight;                  /* [n_theta] of each point of a row; over all points 4 pi in sum */
  const double *value, *d_theta, *d_phi; /* [n_theta][degrees][orders 0 ... l], rows as triangles: what the orders m and
                                            -m times cos(m phi) and sin(m phi) are; derivatives by theta; m / sin theta
                                            times the value */
  const double *cosine, *sine;           /* [n_phi][l_max + 1] of m phi */
} weyl_sphere_grid;

/* The fewest nodes for total degree D. */
void weyl_sphere_grid_sizes(int degree, int *n_theta, int *n_phi);
/* Nodes at phi = 2 pi (k + shift) / n_phi.  WEYL_BAD_ARG for l_max out of range or sizes beyond 1 to 4096. */
WEYL_MUST_CHECK weyl_status weyl_sphere_grid_new(weyl_context *ctx, weyl_arena *arena, int l_max, int n_theta,
                                                 int n_phi, double shift, weyl_sphere_grid *out);
/* The nodes as unit vectors, [n_theta][n_phi][3]. */
void weyl_sphere_grid_points(const weyl_sphere_grid *grid, weyl_axes axes, double *xyz);

typedef enum weyl_sphere_part {
  WEYL_SPHERE_VALUE = 0,
  WEYL_SPHERE_D_THETA = 1, /* the derivative by theta */
  WEYL_SPHERE_D_PHI = 2    /* 1 / sin theta times the derivative by phi: {f, g} = f_theta g_phi - f_phi g_theta */
} weyl_sphere_part;
/* f [n][n_theta][n_phi] of the functions with coefficients x [n][(l_max + 1)^2], l_max up to the grid's; WEYL_F32 or
 * WEYL_F64.  weighted: times the weights of the points.  Separable: O(n n_theta l_max (l_max + n_phi)), on the threads
 * of the context, double inside. */
WEYL_MUST_CHECK weyl_status weyl_sphere_to_grid(weyl_context *ctx, const weyl_sphere_grid *grid, weyl_sphere_part part,
                                                bool weighted, int l_max, weyl_dtype dtype, int64_t n, const void *x,
                                                void *f);
/* The adjoint.  Weighted, of WEYL_SPHERE_VALUE: the coefficients of the functions with values f, exact if n_theta and
 * n_phi suffice for l_max + their degree. */
WEYL_MUST_CHECK weyl_status weyl_sphere_from_grid(weyl_context *ctx, const weyl_sphere_grid *grid,
                                                  weyl_sphere_part part, bool weighted, int l_max, weyl_dtype dtype,
                                                  int64_t n, const void *f, void *x);

/* ---- functions on the torus -------------------------------------------------------------------------------------- */

/* The sphere unrolled twice, theta over a whole turn: Y_lm = Phi_m(phi) sum_u a_u e^(i u theta), Phi = cos(m phi),
 * sin(|m| phi) or 1, |u| <= l and u - l even; and back, with the weight sin theta on [0, pi], by b_u.  Both depend on
 * |m|, are real and even in u for even m, imaginary and odd for odd m.  Everything lives in the arena. */
typedef struct weyl_torus {
  int l_max, u_max;
  const double *a; /* [degrees][orders 0 ... l][l_max + 1], u = 0, 1, ... */
  const double *b; /* [degrees][orders 0 ... l][u_max + 1] */
} weyl_torus;
/* For degrees up to l_max and frequencies |u| up to u_max >= l_max.  WEYL_BAD_ARG for l_max out of range or u_max
 * beyond 8 WEYL_L_MAX. */
WEYL_MUST_CHECK weyl_status weyl_torus_new(weyl_context *ctx, weyl_arena *arena, int l_max, int u_max, weyl_torus *out);
/* a_u and b_u, the factor of i left out for odd m; 0 where u - l is odd. |m| <= l <= l_max, |u| <= l_max or u_max. */
double weyl_torus_a(const weyl_torus *torus, int l, int m, int u);
double weyl_torus_b(const weyl_torus *torus, int l, int m, int u);
/* F [n][2 l + 1][2 l + 1][re, im] with rows u and columns v = -l ... l, l = l_max: the function is
 * sum F_uv e^(i (u theta + v phi)); from x [n][(l_max + 1)^2].  WEYL_F32 or WEYL_F64; O(n l_max^3), double inside. */
WEYL_MUST_CHECK weyl_status weyl_torus_from_sphere(weyl_context *ctx, const weyl_torus *torus, int l_max,
                                                   weyl_dtype dtype, int64_t n, const void *x, void *f);
/* Back: coefficients x [n][(l_max + 1)^2] of F [n][2 u_max + 1][2 u_max + 1][re, im], u_max up to that of the torus.
 * Exact for functions of the sphere and products of such. */
WEYL_MUST_CHECK weyl_status weyl_sphere_from_torus(weyl_context *ctx, const weyl_torus *torus, int u_max, int l_max,
                                                   weyl_dtype dtype, int64_t n, const void *f, void *x);
/* The Gaunt product by a convolution of F (with a fast Fourier transform): z [n][(l3 + 1)^2], the coefficients to
 * degree l3 of the products of the functions x [n][(l1 + 1)^2] and y [n][(l2 + 1)^2].  The torus must hold degrees l1,
 * l2, l3 and u_max >= l1 + l2.  Luo, Chen, Krishnapriyan 2024, algorithm of their section 3.  For comparison: slower
 * than weyl_couplings or a grid at every degree here. */
WEYL_MUST_CHECK weyl_status weyl_gaunt_fourier(weyl_context *ctx, const weyl_torus *torus, int l1, int l2, int l3,
                                               weyl_dtype dtype, int64_t n, const void *x, const void *y, void *z);

/* ---- other conventions ------------------------------------------------------------------------------------------- */

/* For weights and features made elsewhere. */
typedef enum weyl_convention {
  WEYL_CONVENTION_E3NN = 0,     /* polar axis y, orders -l ... l: e3nn, MACE, NequIP, fairchem */
  WEYL_CONVENTION_STANDARD = 1, /* polar axis z, orders -l ... l: sphericart */
  WEYL_CONVENTION_SIGNED = 2,   /* the same with the Condon-Shortley sign (-1)^m: graphics (3D Gaussian splatting) */
  WEYL_CONVENTION_MOLDEN = 3    /* polar axis z, orders 0 1 -1 2 -2 ...: quantum chemistry */
} weyl_convention;
#define WEYL_CONVENTIONS 4
const char *weyl_convention_name(weyl_convention convention); /* "e3nn"; NULL: no such */
/* Orthogonal M [2 l + 1][2 l + 1]: Y_to(r) = M Y_from(r) at the same point r, and so x_to = M x_from for coefficients
 * and features.  Norms apart: see weyl_harmonics_scale. */
WEYL_MUST_CHECK weyl_status weyl_convention_matrix(weyl_context *ctx, weyl_convention from, weyl_convention to, int l,
                                                   double *out);
/* What multiplies the orthonormal harmonics of degree l in this norm. */
double weyl_harmonics_scale(weyl_harmonics_norm norm, int l);

/* ---- tensor products --------------------------------------------------------------------------------------------- */

/* For each path p from block i of x and block j of y to block k of out, and each copy u of the block:
 *   out_k[u, m3] += f_p w_p[u] sum over m1, m2 of W[m1, m2, m3] x_i[u, m1] y_j[u, m2]                    WEYL_WIRE_UUU
 *   out_k[u, m3] += f_p sum over v of w_p[u, v] sum over m1, m2 of W[m1, m2, m3] x_i[u, m1] y_j[v, m2]   WEYL_WIRE_UVU
 * (e3nn's "uuu" and "uvu"), W = weyl_wigner_3j.  The plan is made once, is constant, and is shared by all threads; the
 * calls take memory of their own, allocate nothing and start no threads: callers deal samples to threads.
 * Sums of a call run in an order that the plan, the number of samples and the instruction set determine. */
typedef enum weyl_wiring { WEYL_WIRE_UUU = 0, WEYL_WIRE_UVU = 1 } weyl_wiring;
/* Weights of one set: path by path, [u] or [u][v]; one set for all samples, one for each [sample][set], or w = 1. */
typedef enum weyl_path_weights {
  WEYL_WEIGHTS_SHARED = 0,
  WEYL_WEIGHTS_EACH = 1,
  WEYL_WEIGHTS_NONE = 2
} weyl_path_weights;
/* Where the numbers of x, y and out are.  A row is one order m of one block; rows are counted over the list of irreps.
 */
typedef enum weyl_layout {
  WEYL_LAYOUT_IRREPS = 0,  /* e3nn: [sample][block by block: copy][m] */
  WEYL_LAYOUT_BLOCKED = 1, /* [sample][channel block][row][V], V = 16 in f32, 8 in f64: what the kernels compute in.
                              Copies beyond those of a block are padding: 0 in, 0 out. 64-byte alignment is faster */
  WEYL_LAYOUT_ROWS = 2,    /* [sample][block by block: m][copy]: the engine's (weyl/autodiff.h) */
  WEYL_LAYOUT_CHANNELS = 3 /* [sample][channel][row], all blocks of equally many copies */
} weyl_layout;
typedef enum weyl_product_method {
  WEYL_PRODUCT_AUTO = 0,
  WEYL_PRODUCT_WRITTEN = 1, /* code written at build time: blocks of degrees 0, 1, 2, ... in this order, one of each */
  WEYL_PRODUCT_TABLE = 2,   /* a loop over tables: everything else */
  WEYL_PRODUCT_GRID = 3,    /* through values on a grid: of functions on the sphere alone */
  WEYL_PRODUCT_ROWS = 4     /* never asked for: AUTO where y of uvu has one copy of each block, there are no weights and
                               the layout is ROWS. y makes a matrix for each sample, and no layout is changed */
} weyl_product_method;
typedef struct weyl_product_opts { /* all zero: the defaults */
  weyl_wiring wiring;
  weyl_path_weights weights;
  weyl_layout layout;   /* y of uvu is always in WEYL_LAYOUT_IRREPS */
  weyl_gauge gauge;     /* signs of W */
  const double *factor; /* f [paths]; NULL: sqrt((2 l3 + 1) / n), n the number of products that reach an out number
                           (e3nn: normalisations "component" and "element") */
  weyl_product_method method;
} weyl_product_opts;
typedef struct weyl_product weyl_product;

/* paths: as from weyl_paths_find, or any list of such (parities are not looked at).  dtype WEYL_F32 or WEYL_F64.
 * WEYL_BAD_ARG for a path out of range, off the triangle or of other degrees than its blocks, and for choices out of
 * range; WEYL_SHAPE where the wiring or the layout needs equal copies; WEYL_UNSUPPORTED for WEYL_PRODUCT_WRITTEN where
 * there is no such code.  Everything of the plan is freed with it. */
WEYL_MUST_CHECK weyl_status weyl_product_new(weyl_context *ctx, const weyl_product_opts *opts, weyl_dtype dtype,
                                             weyl_irreps in1, weyl_irreps in2, weyl_irreps out, weyl_paths paths,
                                             weyl_product **plan);
void weyl_product_free(weyl_product *plan); /* NULL is fine */
weyl_product_method weyl_product_how(const weyl_product *plan);
int64_t weyl_product_weights(const weyl_product *plan); /* numbers of one set */
/* Numbers of one sample of x (0), y (1) or out (2) in the layout of the plan. */
int64_t weyl_product_size(const weyl_product *plan, int which);
size_t weyl_product_work(const weyl_product *plan); /* bytes of `work` in a call */
/* Multiplications, additions, and both in one, of one channel of one sample: forward, backward without and with the
 * weights (way 0, 1, 2). */
double weyl_product_ops(const weyl_product *plan, int way);

/* out [n] from x [n], y [n] and w; every array but w of n samples.  work: 64-byte aligned, of this call alone. w is
 * not looked at with WEYL_WEIGHTS_NONE.  WEYL_BAD_ARG for n < 0 or a missing array. */
WEYL_MUST_CHECK weyl_status weyl_product_forward(weyl_context *ctx, const weyl_product *plan, int64_t n, const void *x,
                                                 const void *y, const void *w, void *out, void *work);
/* Gradients dx, dy like x and y, and dw like w (the sum over the samples of this call if the weights are shared), or
 * NULL, of a number whose gradient by out is g.  With WEYL_PRODUCT_ROWS dx and dy may be NULL too: they cost nothing.
 */
WEYL_MUST_CHECK weyl_status weyl_product_backward(weyl_context *ctx, const weyl_product *plan, int64_t n, const void *x,
                                                  const void *y, const void *w, const void *g, void *dx, void *dy,
                                                  void *dw, void *work);
/* The layouts of one list, of `channels` copies at most: n samples to and from WEYL_LAYOUT_BLOCKED. */
WEYL_MUST_CHECK weyl_status weyl_layout_pack(weyl_context *ctx, weyl_layout layout, weyl_dtype dtype,
                                             weyl_irreps irreps, int64_t channels, int64_t n, const void *from,
                                             void *blocked);
WEYL_MUST_CHECK weyl_status weyl_layout_unpack(weyl_context *ctx, weyl_layout layout, weyl_dtype dtype,
                                               weyl_irreps irreps, int64_t channels, int64_t n, const void *blocked,
                                               void *to);

/* ---- products of functions on the sphere ------------------------------------------------------------------------- */

/* Functions given by their coefficients, degrees 0 ... l, each of `channels` copies; z is taken to degree l_out.
 *   WEYL_SPHERE_PRODUCT   z = f_1^a f_2^b ...: up to 4 functions, exponents of 4 in sum at most; f_1 f_2 is the Gaunt
 *                         product
 *   WEYL_SPHERE_POISSON   z = {f_1, f_2}
 *   WEYL_SPHERE_COMPLETE  z = w f_1 f_2 + w' {f_1, f_2}
 *   WEYL_SPHERE_POWERS    z = w f^2 + w' f^3 + ..., the highest power 4 at most
 * With weights, a number for each degree and channel, every function is first multiplied with its own, as every result
 * is. One set is [f_1 | f_2 | ... | w | w' ...], each [degree][channel].
 *   Without weights, products and brackets are closed under differentiation.  The gradient by f_1 of a number whose
 * gradient by z = f_1^a f_2^b is g is a times g f_1^(a - 1) f_2^b, taken to the degree of f_1; of z = {f_1, f_2} it is
 * {f_2, g}, and {g, f_1} by f_2.
 *   Plans and calls are as those of tensor products, to which they fall back where that is faster. */
typedef enum weyl_sphere_kind {
  WEYL_SPHERE_PRODUCT = 0,
  WEYL_SPHERE_POISSON = 1,
  WEYL_SPHERE_COMPLETE = 2,
  WEYL_SPHERE_POWERS = 3
} weyl_sphere_kind;
#define WEYL_SPHERE_FUNCTIONS 4
typedef struct weyl_sphere_product_opts {
  weyl_sphere_kind kind;
  int functions; /* of WEYL_SPHERE_PRODUCT, 1 to 4; not looked at otherwise */
  int l[WEYL_SPHERE_FUNCTIONS], l_out;
  int exponent[WEYL_SPHERE_FUNCTIONS]; /* of WEYL_SPHERE_PRODUCT; 0: 1. Of powers, exponent[0]: the highest, 2 to 4 */
  int64_t channels;
  weyl_path_weights weights;  /* WEYL_WEIGHTS_SHARED or WEYL_WEIGHTS_NONE */
  weyl_layout layout;         /* of functions, results and gradients */
  weyl_product_method method; /* of two functions: any; otherwise AUTO or GRID */
} weyl_sphere_product_opts;
typedef struct weyl_sphere_product weyl_sphere_product;

/* WEYL_BAD_ARG for choices, degrees, exponents or channels out of range, WEYL_DTYPE for other types than WEYL_F32 and
 * WEYL_F64, WEYL_UNSUPPORTED for a method that cannot do it. */
WEYL_MUST_CHECK weyl_status weyl_sphere_product_new(weyl_context *ctx, const weyl_sphere_product_opts *opts,
                                                    weyl_dtype dtype, weyl_sphere_product **plan);
void weyl_sphere_product_free(weyl_sphere_product *plan); /* NULL is fine */
weyl_product_method weyl_sphere_product_how(const weyl_sphere_product *plan);
int weyl_sphere_product_functions(const weyl_sphere_product *plan);
int64_t weyl_sphere_product_weights(const weyl_sphere_product *plan); /* numbers of the set */
/* Numbers of one sample of function i = 0, 1, ...; i = functions: of z. */
int64_t weyl_sphere_product_size(const weyl_sphere_product *plan, int i);
size_t weyl_sphere_product_work(const weyl_sphere_product *plan);         /* bytes of `work` in a call */
double weyl_sphere_product_ops(const weyl_sphere_product *plan, int way); /* as weyl_product_ops */
/* z [n] from f[i] [n], and w unless there are none. */
WEYL_MUST_CHECK weyl_status weyl_sphere_product_forward(weyl_context *ctx, const weyl_sphere_product *plan, int64_t n,
                                                        const void *const *f, const void *w, void *z, void *work);
/* Gradients df[i], and dw (the sum over the samples of this call) or NULL, of a number whose gradient by z is g. */
WEYL_MUST_CHECK weyl_status weyl_sphere_product_backward(weyl_context *ctx, const weyl_sphere_product *plan, int64_t n,
                                                         const void *const *f, const void *w, const void *g,
                                                         void *const *df, void *dw, void *work);

/* ---- symmetric contractions -------------------------------------------------------------------------------------- */

/* Every symmetric power of A, exactly: for each channel k, and the element z of the sample,
 *   B_LM = sum over couplings p to L of w[z][p][k] sum U^p_{M, i1 ... iv} A_i1 ... A_iv,   v = 1 ... order,
 * U^p a basis of the equivariant maps from v symmetric copies of the degrees 0 ... l_max to degree L, of natural parity
 * (the sum of all degrees is even): linearly independent, as many as there can be, each of norm 1 for every M.  They
 * come by L, then v.  Batatia et al., arXiv 2206.07697, equations 10 and 11. */
#define WEYL_CONTRACTION_ORDER 4
typedef struct weyl_contraction_opts {
  int l_max, l_out, order; /* of A, of B; 1 to 4 */
  int64_t channels, elements;
  weyl_layout layout; /* of A, B and their gradients */
} weyl_contraction_opts;
typedef struct weyl_contraction weyl_contraction;
/* WEYL_BAD_ARG for choices out of range, or where (l_max + 1)^(2 order) goes beyond 2^20. */
WEYL_MUST_CHECK weyl_status weyl_contraction_new(weyl_context *ctx, const weyl_contraction_opts *opts, weyl_dtype dtype,
                                                 weyl_contraction **plan);
void weyl_contraction_free(weyl_contraction *plan); /* NULL is fine */
/* Couplings of `order` copies to degree l; of all degrees for l < 0, of all orders for order < 1. */
int64_t weyl_contraction_couplings(const weyl_contraction *plan, int l, int order);
int64_t weyl_contraction_weights(const weyl_contraction *plan);         /* numbers of w [element][coupling][channel] */
int64_t weyl_contraction_size(const weyl_contraction *plan, int which); /* of one sample of A (0) or B (1) */
size_t weyl_contraction_work(const weyl_contraction *plan);             /* bytes of `work` in a call */
double weyl_contraction_ops(const weyl_contraction *plan, int way);     /* as weyl_product_ops */
/* b [n] from a [n], elements [n] in 0 ... elements - 1 (NULL: all 0) and w. */
WEYL_MUST_CHECK weyl_status weyl_contraction_forward(weyl_context *ctx, const weyl_contraction *plan, int64_t n,
                                                     const int32_t *element, const void *a, const void *w, void *b,
                                                     void *work);
/* Gradients da, and dw (the sum over the samples of this call) or NULL, of a number whose gradient by b is g. */
WEYL_MUST_CHECK weyl_status weyl_contraction_backward(weyl_context *ctx, const weyl_contraction *plan, int64_t n,
                                                      const int32_t *element, const void *a, const void *w,
                                                      const void *g, void *da, void *dw, void *work);

/* ---- convolution along edges ------------------------------------------------------------------------------------ */

/* Messages along the edges of a graph and their sum at each receiver, in one step (messages are never stored): for each
 * path p from block b of x and degree d of y to block k of out, and each copy u of the block,
 *   out_k[i][u, m3] = sum over edges e with receiver i of f_p R[e][p][u] sum over m1, m2 of
 *                     W[m1, m2, m3] x_b[sender of e][u, m1] y_d[e][m2]
 * (e3nn's "uvu" with one copy of each harmonic and weights for every edge, as in NequIP and MACE), W = weyl_wigner_3j.
 * The sum of g out is linear in x, R, y and g, and its gradient by any of them is the same sum without that one: the
 * calls below are closed under differentiation. */
typedef struct weyl_edge_product_opts { /* all zero: the defaults */
  weyl_layout layout;                   /* of x and out: WEYL_LAYOUT_BLOCKED, or WEYL_LAYOUT_ROWS; 0 is BLOCKED */
  weyl_gauge gauge;                     /* signs of W */
  const double *factor; /* f [paths]; NULL: sqrt((2 l3 + 1) / n), n the number of paths to the same block */
} weyl_edge_product_opts;
typedef struct weyl_edge_product weyl_edge_product;

typedef struct weyl_edges {
  int64_t n, senders, receivers;    /* edges; nodes of x, nodes of out */
  const int32_t *sender, *receiver; /* [n]; receivers ascend */
  const int32_t *row; /* [n] a permutation: the row of R and y that belongs to an edge; NULL: its number. For edges that
                         others stored by another order, as in the gradient by x */
} weyl_edges;

/* Blocks of `in` and `out` have equally many copies, the channels; those of `harmonics` one.  paths: as from
 * weyl_paths_find with blocks of equal copies, or any list of such (parities are not looked at); what several paths to
 * one block give is added.  dtype WEYL_F32 or WEYL_F64.  WEYL_BAD_ARG for a path out of range, off the triangle or of
 * other degrees than its blocks, and for choices out of range; WEYL_SHAPE for unequal copies; WEYL_UNSUPPORTED for
 * other layouts (weyl_layout_pack makes blocks of them).  The plan is constant and shared by all threads. */
WEYL_MUST_CHECK weyl_status weyl_edge_product_new(weyl_context *ctx, const weyl_edge_product_opts *opts,
                                                  weyl_dtype dtype, weyl_irreps in, weyl_irreps harmonics,
                                                  weyl_irreps out, weyl_paths paths, weyl_edge_product **plan);
void weyl_edge_product_free(weyl_edge_product *plan); /* NULL is fine */
/* The plan with x and out exchanged: its forward call on the edges with sender and receiver exchanged, sorted anew, is
 * the gradient of `plan` by x. */
WEYL_MUST_CHECK weyl_status weyl_edge_product_turned(weyl_context *ctx, const weyl_edge_product *plan,
                                                     weyl_edge_product **turned);
/* Numbers of one node of x (0), one edge of y (1), one node of out (2), one edge of R (3). */
int64_t weyl_edge_product_size(const weyl_edge_product *plan, int which);
size_t weyl_edge_product_work(const weyl_edge_product *plan); /* bytes of `work` in a call */
/* Multiplications, additions, and both in one, of one channel of one edge: forward, backward without and with the
 * gradient by y (way 0, 1, 2). */
double weyl_edge_product_ops(const weyl_edge_product *plan, int way);

/* x [senders], weights R [edges][paths][channels], y [edges][numbers of harmonics], out [receivers]; nodes without
 * edges get 0.  work: 64-byte aligned, of this call alone; nothing is allocated.  Sums run in the order of the edges.
 * WEYL_BAD_ARG, naming the edge, for an index out of range or receivers that do not ascend, before anything is
 * written. */
WEYL_MUST_CHECK weyl_status weyl_edge_product_forward(weyl_context *ctx, const weyl_edge_product *plan,
                                                      const weyl_edges *edges, const void *x, const void *weights,
                                                      const void *y, void *out, void *work);
/* Gradients like x, weights and y, or NULL, of a number whose gradient by out is g.  All together cost less than each
 * alone. */
WEYL_MUST_CHECK weyl_status weyl_edge_product_backward(weyl_context *ctx, const weyl_edge_product *plan,
                                                       const weyl_edges *edges, const void *x, const void *weights,
                                                       const void *y, const void *g, void *dx, void *dweights, void *dy,
                                                       void *work);

/* ---- convolution in the frame of an edge --------------------------------------------------------------------------
 */

/* The same sums where the harmonics are those of the edge's own direction, y_d[e] = Y_l(v_e): x is turned to the frame
 * in which the edge is the polar axis, where only order 0 of the harmonics is not 0, so that orders mix in pairs,
 *   out_k,m = sum over b of A_m x_b,m - B_m x_b,-m,   out_k,-m = sum over b of B_m x_b,m + A_m x_b,-m,   m >= 0,
 * with A, B of the edge, the channel and the blocks b, k; and the sum is turned back.  O(l^3) instead of O(l^5) for
 * all paths to degree l.  What the weights R are:
 *   WEYL_EDGE_PATHS    R [edges][paths][channels], those of weyl_edge_product_new, with the same result:
 *                      A_m = sum over even l1 + l2 + l3 of R_p f_p n_l2 W[m, 0, m],  B_m over odd of W[m, 0, -m],
 *                      n_l = Y_l0 of the pole
 *   WEYL_EDGE_ORDERS   A and B themselves (eSCN's convolution): R [edges][rows][channels], rows: for each pair (b, k)
 * in the order in which paths first name it A_0 A_1 ... if a path is even, then B_1 ... if one is odd. norm, gauge and
 * factor are not looked at WEYL_EDGE_DEGREES  R [edges][blocks of harmonics][channels]: the product of functions of x
 * (a set of blocks of degrees 0, 1, ...) and sum over d of R_d Y_d, exactly: f_p = the Gaunt factor.  Even paths only
 * With `orders` = M > 0 only orders |m| < M of that frame count (m_max = M - 1), below and in `out`.
 *   An edge of length 0 has no direction: harmonics above degree 0 are 0 there (blocks of degrees from `orders` on and
 * WEYL_EDGE_ORDERS: nothing comes along it).  NaN and infinity reach the receivers that they belong to.
 * S. Passaro, L. Zitnick, arXiv 2302.03655; S. Luo, T. Chen, A. Krishnapriyan, arXiv 2401.10216, section 3. */
typedef enum weyl_edge_weights { WEYL_EDGE_PATHS = 0, WEYL_EDGE_ORDERS = 1, WEYL_EDGE_DEGREES = 2 } weyl_edge_weights;
typedef struct weyl_edge_aligned_opts { /* all zero: the defaults */
  weyl_edge_weights weights;
  weyl_layout layout;       /* as of weyl_edge_product_opts, as gauge and factor */
  weyl_gauge gauge;         /* not looked at by DEGREES, which has no such choice */
  weyl_axes axes;           /* of x, out and v */
  weyl_harmonics_norm norm; /* of the harmonics */
  int orders;               /* 0: all */
  const double *factor;     /* f [paths]; NULL: that of weyl_edge_product_opts, of DEGREES the Gaunt factor */
} weyl_edge_aligned_opts;
typedef struct weyl_edge_aligned weyl_edge_aligned;

/* Lists and paths as for weyl_edge_product_new.  WEYL_BAD_ARG also for orders below 0 and odd paths of DEGREES. */
WEYL_MUST_CHECK weyl_status weyl_edge_aligned_new(weyl_context *ctx, const weyl_edge_aligned_opts *opts,
                                                  weyl_dtype dtype, weyl_irreps in, weyl_irreps harmonics,
                                                  weyl_irreps out, weyl_paths paths, weyl_edge_aligned **plan);
void weyl_edge_aligned_free(weyl_edge_aligned *plan); /* NULL is fine */
/* The lists of x and out, as long as the plan lives. */
void weyl_edge_aligned_lists(const weyl_edge_aligned *plan, weyl_irreps *in, weyl_irreps *out);
/* Numbers of one node of x (0), one edge of v (1: 3), one node of out (2), one edge of R (3). */
int64_t weyl_edge_aligned_size(const weyl_edge_aligned *plan, int which);
size_t weyl_edge_aligned_work(const weyl_edge_aligned *plan);         /* bytes of `work` in a call */
double weyl_edge_aligned_ops(const weyl_edge_aligned *plan, int way); /* as weyl_edge_product_ops */
/* Whether the library's table of costs has it faster than weyl_harmonics and weyl_edge_product together. WEYL_TP=table:
 * no; WEYL_TP=aligned, and where those two cannot do it: yes. */
bool weyl_edge_aligned_pays(const weyl_edge_aligned *plan);
/* As the calls of weyl_edge_product, with v [edges][3] of any lengths in place of y. */
WEYL_MUST_CHECK weyl_status weyl_edge_aligned_forward(weyl_context *ctx, const weyl_edge_aligned *plan,
                                                      const weyl_edges *edges, const void *x, const void *weights,
                                                      const void *v, void *out, void *work);
WEYL_MUST_CHECK weyl_status weyl_edge_aligned_backward(weyl_context *ctx, const weyl_edge_aligned *plan,
                                                       const weyl_edges *edges, const void *x, const void *weights,
                                                       const void *v, const void *g, void *dx, void *dweights, void *dv,
                                                       void *work);

WEYL_END_API
#endif
