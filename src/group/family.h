/* What a family of groups must tell: one `const group_family` a row of groups.def.
 *
 * A group is at most one part of space and one part of permutations; an element is their numbers, one part after the
 * other. `size` is the number the family is parsed with: d of E(d), k of Ck.  A part of permutations is handed the
 * number of points. */
#ifndef WEYL_GROUP_FAMILY_H
#define WEYL_GROUP_FAMILY_H

#include <weyl/group.h>

#define SPACE_MAX 16

typedef enum group_argument {
  ARGUMENT_DIMENSION, /* "(3)" */
  ARGUMENT_POINTS,    /* "(5)" or "(n)" */
  ARGUMENT_ORDER      /* "4", right behind the name */
} group_argument;

typedef struct group_family {
  const char *name; /* the letters before the argument: "SE" */
  group_argument argument;
  int64_t low, high;    /* sizes allowed */
  bool full_orthogonal; /* the linear parts are all of O(d) or SO(d): frames of points exist */
  /* Fills all of `info` but the name, which is zero before. size 0: as many points as there are. */
  void (*about)(int64_t size, weyl_group_info *info);
  size_t (*length)(int64_t size); /* doubles in an element */
  void (*identity)(int64_t size, double *g);
  weyl_status (*compose)(weyl_context *ctx, int64_t size, const double *a, const double *b,
                         double *c);                                                   /* c may alias both */
  weyl_status (*inverse)(weyl_context *ctx, int64_t size, const double *a, double *b); /* b may alias a */
  void (*sample)(int64_t size, double scale, weyl_rng *rng, double *g);
  void (*generator)(int64_t size, int k, double *g); /* k < generators */
  bool (*contains)(int64_t size, const double *g, double tol);
  /* The Lie algebra; NULL for discrete groups, whose only logarithm is that of the identity. */
  void (*basis)(int64_t size, int k, double *basis);
  void (*exp)(int64_t size, const double *c, double *g);
  weyl_status (*log)(weyl_context *ctx, int64_t size, const double *g, double *c);
  /* Groups that are none of matrices (info.grid > 0) have no basis, and bring these; aliasing is not allowed. */
  void (*bracket)(int64_t size, const double *a, const double *b, double *c);
  weyl_status (*coadjoint)(weyl_context *ctx, int64_t size, const double *g, const double *from, double *to);
} group_family;

#define WEYL_GROUP(name, form) extern const group_family group_##name;
#include "groups.def"
#undef WEYL_GROUP

struct weyl_group {
  weyl_context *ctx;
  const group_family *space, *permutation; /* NULL: no such part */
  int64_t space_size;                      /* the number of the name: d, or k of Ck */
  int64_t permutation_size;                /* fixed number of points, or 0 */
  weyl_group_info info;
  char name[64];
};

/* affine.c: the elements [R, t] shared by all groups of space with orthogonal linear parts. */
size_t affine_length(int d);
void affine_identity(int d, double *g);
void affine_compose(int d, const double *a, const double *b, double *c);
void affine_inverse(int d, const double *a, double *b);
double affine_orthogonality(int d, const double *g);       /* largest entry of |R^T R - 1|; infinity for NaN */
bool affine_is_linear(int d, const double *g, double tol); /* t = 0 */

/* haar.c: R [d][d] uniform on O(d), or on SO(d). */
void haar_orthogonal(int d, bool special, weyl_rng *rng, double *r);

/* explog.c, on [d][d] matrices: e = exp(a), v = the integral of exp(s a) for s from 0 to 1; a is skew. */
void skew_exp(int d, const double *a, double *e, double *v);
/* The principal logarithm of a rotation.  WEYL_DEGENERATE at rotations by pi for d > 3. */
weyl_status rotation_log(weyl_context *ctx, int d, const double *r, double *a);

/* product.c */
weyl_status group_check_points(weyl_context *ctx, const weyl_group *group, int64_t n);
/* permutation.c: WEYL_BAD_ARG unless pi [n] is a permutation as far as reading it safely needs: whole numbers 0..n-1.
 */
weyl_status permutation_check(weyl_context *ctx, int64_t n, const double *pi);

#endif
