/* weyl/group.h: groups, their elements and actions, invariant sampling, frames and canonical forms, on plain arrays of
 * double.
 *
 * A group is parsed from its name: E(d) SE(d) O(d) SO(d) T(d) (translations), S(n) or S(5), C4 D6 (rotations, and
 * reflections, of the plane), Z2 (x -> -x, any number of coordinates), BMS3 (below), and products "E(3) x S(n)" of one
 * group of space and one of permutations.  S(n) acts on however many points there are.  Elements are flat vectors of
 * double whose length and meaning depend on the group: a space part of R^d is [R (d*d, row-major), t (d)]: x -> R x +
 * t; a permutation part is [pi (n)]: point i moves to place pi(i).
 *
 * BMS3, the symmetry of flat space in three dimensions at infinity, acts on no space: an element is [F(phi_j) - phi_j,
 * alpha(phi_j)] on `grid` points phi_j of the circle (circle.h), a product (F1, a1) (F2, a2) = (F1 o F2, a1 + (F1' a2)
 * o F1^-1). It is resolved to `tolerance`; it has no Haar measure and no logarithm, as exp is not onto.
 */
#ifndef WEYL_GROUP_H
#define WEYL_GROUP_H

#include <weyl/circle.h>
#include <weyl/kernels.h>

WEYL_BEGIN_API

typedef struct weyl_group weyl_group;

typedef struct weyl_group_info {
  const char *name;  /* canonical spelling, "E(3) x S(n)"; belongs to the group */
  int space;         /* d, the dimension of the space acted on; 0 for pure permutation groups */
  int lie_dimension; /* of the Lie algebra: 6 for E(3) */
  int generators;    /* discrete generators beside the Lie algebra: 1 (a reflection) for E(3) */
  bool rotations, reflections, translations, permutations;
  int64_t order;    /* number of elements of a finite group whose size is fixed; 0: infinite, depends on n, or is beyond
                       int64_t */
  bool compact;     /* has a normalised Haar measure */
  int grid;         /* elements are samples on so many points of a circle; 0: matrices and permutations */
  double tolerance; /* to which the axioms hold on sampled elements for that reason; 0: to rounding */
} weyl_group_info;

/* WEYL_FORMAT with the position in the text and what was expected there; WEYL_BAD_ARG for sizes out of range (1 <= d <=
 * 16). */
WEYL_MUST_CHECK weyl_status weyl_group_parse(weyl_context *ctx, const char *name, weyl_group **out);
void weyl_group_free(weyl_group *group);
weyl_group_info weyl_group_about(const weyl_group *group);
/* Names of the families, for help and suggestions: "E(d)", "SO(d)", ...; NULL ends. */
const char *const *weyl_group_families(void);

/* Doubles in one element when the group acts on n points. */
size_t weyl_group_element_size(const weyl_group *group, int64_t n);
void weyl_group_identity(const weyl_group *group, int64_t n, double *g);
/* c = a b: (a b) x = a (b x). c may alias a or b. */
WEYL_MUST_CHECK weyl_status weyl_group_compose(weyl_context *ctx, const weyl_group *group, int64_t n, const double *a,
                                               const double *b, double *c);
WEYL_MUST_CHECK weyl_status weyl_group_inverse(weyl_context *ctx, const weyl_group *group, int64_t n, const double *a,
                                               double *b);
/* Haar for the compact part (QR of a Gaussian matrix with the sign fix; Fisher-Yates for S(n)); translations N(0,
 * scale^2). */
WEYL_MUST_CHECK weyl_status weyl_group_sample(weyl_context *ctx, const weyl_group *group, int64_t n, double scale,
                                              weyl_rng *rng, double *g);
/* Lie algebra: k < lie_dimension. basis [d+1][d+1], homogeneous matrices [[A, b], [0, 0]]; rotations first, in the
 * order (0,1), (0,2), (1,2), ... of planes (A_ij = -1, A_ji = +1 for i < j), then translations. */
/* WEYL_BAD_ARG where there are no matrices (BMS3: coordinates are the modes of Y, then of T, |n| <= 8). */
WEYL_MUST_CHECK weyl_status weyl_group_basis(weyl_context *ctx, const weyl_group *group, int k, double *basis);
/* The space part exp(sum_k c_k basis_k), element with identity permutation; coordinates c [lie_dimension]. */
WEYL_MUST_CHECK weyl_status weyl_group_exp(weyl_context *ctx, const weyl_group *group, int64_t n, const double *c,
                                           double *g);
/* c = [a, b] in coordinates [lie_dimension]: the derivative of exp(s a) b exp(-s a). Of vector fields on the circle
 * this is minus their bracket; modes beyond those kept are cut off. c may not alias. */
WEYL_MUST_CHECK weyl_status weyl_group_bracket(weyl_context *ctx, const weyl_group *group, const double *a,
                                               const double *b, double *c);
/* The principal logarithm. WEYL_DEGENERATE off the identity component or, for d > 3, within 1e-6 of a rotation by pi,
 * where it is not unique (d = 2: +pi is chosen; d = 3: the axis whose first component off 0 is positive). WEYL_BAD_ARG
 * if R is not orthogonal to 1e-6. */
WEYL_MUST_CHECK weyl_status weyl_group_log(weyl_context *ctx, const weyl_group *group, int64_t n, const double *g,
                                           double *c);
/* The k-th discrete generator, k < generators (for S(n): the swap of the first two and the n-cycle). */
WEYL_MUST_CHECK weyl_status weyl_group_generator(weyl_context *ctx, const weyl_group *group, int64_t n, int k,
                                                 double *g);
/* Whether g is an element: orthogonal to tol, right determinant, a permutation, in the finite group. */
bool weyl_group_contains(const weyl_group *group, int64_t n, const double *g, double tol);

/* How numbers attached to n points transform; all rows are permuted by the permutation part. */
typedef enum weyl_action {
  WEYL_ACT_SCALAR = 0,        /* [n][w]: permuted only */
  WEYL_ACT_POINT = 1,         /* [n][k][d]: R x + t */
  WEYL_ACT_VECTOR = 2,        /* [n][k][d]: R v */
  WEYL_ACT_GLOBAL_SCALAR = 3, /* [w]: unchanged */
  WEYL_ACT_GLOBAL_VECTOR = 4, /* [k][d]: R v */
  WEYL_ACT_GLOBAL_POINT = 5,  /* [k][d]: R x + t */
  WEYL_ACT_PAIR = 6,          /* [n][n][w]: rows and columns permuted (adjacency) */
  WEYL_ACT_COADJOINT = 7      /* [2][grid]: Theta and Xi of flat space (bms.h), by BMS3 alone; width 2 grid */
} weyl_action;
/* out = g in. width: numbers a row (w, or k*d). In and out may be the same array only for actions without permutation.
 */
WEYL_MUST_CHECK weyl_status weyl_group_act(weyl_context *ctx, const weyl_group *group, const double *g,
                                           weyl_action action, int64_t n, int64_t width, const double *in, double *out);

/* ---- frames
 * ----------------------------------------------------------------------------------------------------------------------
 */

/* A frame of a point set: finitely many weighted elements of a group of space, F(gX) = g F(X).  spec sheet: frame
 * averaging, 2.3-2.7.  */
typedef enum weyl_frame_kind {
  WEYL_FRAME_PCA,      /* 2^d (O, E) or 2^(d-1) (SO, SE) sign choices of the eigenvectors, eigenvalues ascending */
  WEYL_FRAME_WEIGHTED, /* continuous: all ordered (d-1)-tuples of points, Gram-Schmidt, weight = volume (Dym et al.
                          2024); O(d) adds both completions */
  WEYL_FRAME_MINIMAL   /* QR of the first independent rows in the given order of points (Lin et al. 2024): 1 element; 2
                        * (both completions) when rank d-1 in O(d);   below that every sign of the open axes, so that what
                        * a   function says along them cancels. Not for groups with S(n) */
} weyl_frame_kind;

typedef struct weyl_frame_opts {
  weyl_frame_kind kind;
  bool strict;          /* a degenerate spectrum is an error (WEYL_DEGENERATE), not just reported through `gap` */
  double tolerance;     /* relative gap below which a spectrum is degenerate: default 1e-6 */
  double vector_weight; /* adds this times sum v v^T to the covariance (sheet 2.4 d), and v to the rows of the other
                           kinds; 0: positions only */
  const double *point_weights; /* [n] invariant weights of the covariance, or NULL */
} weyl_frame_opts;
weyl_frame_opts weyl_frame_defaults(void);

typedef struct weyl_frame {
  int d;
  int64_t count;
  double *rotation;  /* [count][d][d], columns are the axes: canonical copy = (x - t) R */
  double *weight;    /* [count], sums to 1 */
  double center[16]; /* t (zero when the group has no translations) */
  double gap;        /* smallest gap of the spectrum over its largest eigenvalue; PCA only, else 1 */
  bool degenerate;   /* gap <= tolerance in a way that matters: points or vectors reach into the axes left open (a
                      * repeated 0 of positions   alone is harmless: sheet 2.4 b). Weighted: also when all points are on a
                      * line or smaller (d > 2), not continuous there */
} weyl_frame;
/* x [n][d], v [n][d] or NULL. group: E SE O SO of that d, or a product with S(n). The frame's arrays live in the arena.
 * WEYL_BAD_ARG for no points or a frame above 1 GiB (weighted: n^(d-1) elements), WEYL_NUMERIC for NaN or infinity. */
WEYL_MUST_CHECK weyl_status weyl_frame_of_points(weyl_context *ctx, weyl_arena *arena, const weyl_group *group,
                                                 int64_t n, const double *x, const double *v,
                                                 const weyl_frame_opts *opts, weyl_frame *out);

/* Averages any function over a frame (equations 2 and 3): copies the points into each frame, calls f, turns its output
 * back, and adds up. f: y[out_rows][out_width] from the framed x [n][d] and v [n][d] (NULL if v is). out_action says
 * how the output transforms. samples = 0: the whole frame; k > 0: k draws from rng with the frame's weights. */
typedef weyl_status (*weyl_points_fn)(void *arg, int64_t n, const double *x, const double *v, double *y);
WEYL_MUST_CHECK weyl_status weyl_frame_average(weyl_context *ctx, const weyl_group *group, int64_t n, const double *x,
                                               const double *v, const weyl_frame_opts *opts, int samples, weyl_rng *rng,
                                               weyl_points_fn f, void *arg, weyl_action out_action, int64_t out_rows,
                                               int64_t out_width, double *y);

/* Graphs: adjacency a [n][n] (symmetric, any weights), node labels (invariant) or NULL. */
typedef struct weyl_graph_frame {
  int64_t n;
  int64_t *order;    /* [n]: order[k] = the vertex at place k of one sorted order */
  int64_t *tie;      /* [n]: tie group of place k, ascending */
  double log10_size; /* log10 |F| = sum log10 (group size)! */
  int64_t distinct_eigenvalues;
  double *criterion; /* [n][distinct_eigenvalues], S of equation (4), rows by vertex */
} weyl_graph_frame;
/* Sorting by S alone, as in the sheet, or with labels and degrees as further keys. Loops are ignored; tied vertices
 * stand in ascending order. */
WEYL_MUST_CHECK weyl_status weyl_frame_of_graph(weyl_context *ctx, weyl_arena *arena, int64_t n, const double *a,
                                                const int64_t *labels, weyl_graph_frame *out);
/* A uniform element of the frame: order[k] = vertex at place k. */
void weyl_graph_frame_sample(const weyl_graph_frame *frame, weyl_rng *rng, int64_t *order);
/* All elements in turn (|F| must be small): returns false after the last, with the order back at the first. Start with
 * state = 0 and order = frame's; do { ... } while (next) sees each once. */
bool weyl_graph_frame_next(const weyl_graph_frame *frame, uint64_t *state, int64_t *order);
/* The canonical form of a 0/1 graph with labels by refinement search: order such that the relabelled adjacency is equal
 * for isomorphic graphs. automorphisms: the size of the group found, as a double (infinity beyond 1e308), or NULL.
 * Loops count as labels. n <= 1000; exponential in the worst case (reports progress, so it can be cancelled),
 * milliseconds for most graphs. McKay 1981. */
WEYL_MUST_CHECK weyl_status weyl_graph_canonical(weyl_context *ctx, int64_t n, const uint8_t *a, const int64_t *labels,
                                                 int64_t *order, double *automorphisms);
/* Colours of 1-WL refinement to stability, 0 1 2 ...; equal for vertices (of any graphs coloured in one call) that it
 * cannot tell apart. Their numbers do not depend on the order of the vertices. */
WEYL_MUST_CHECK weyl_status weyl_graph_refine(weyl_context *ctx, int64_t n, const uint8_t *a, const int64_t *labels,
                                              int64_t *colours);

WEYL_END_API
#endif
