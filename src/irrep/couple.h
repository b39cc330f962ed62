/* The real 3j symbols of one pair of degrees in the cos/sin form, which every product of two lists is computed in.
 *
 * With c the component m > 0 and s the component -m of a row, the products of two rows only occur as
 *   sum         C = c1 c2 - s1 s2,  S = s1 c2 + c1 s2     target |m| = a1 + a2
 *   difference  C = c1 c2 + s1 s2,  S = s1 c2 - c1 s2     target |m| = |a1 - a2|
 * and one row's m = 0 with the other's a: C = z c, S = z s. J even takes C to +m and S to -m, J odd S to +m and C to
 * -m.
 */
#ifndef WEYL_IRREP_COUPLE_H
#define WEYL_IRREP_COUPLE_H

#include <weyl/irrep.h>

typedef enum couple_form { FORM_C, FORM_S, FORMS } couple_form;
typedef enum couple_side { SIDE_SUM, SIDE_DIFFERENCE, SIDES } couple_side;

typedef struct couple_pair { /* the products of rows +-a1 and +-a2 that reach |m| = a */
  int a1, a2;
  couple_side side;
  double *k[FORMS]; /* [high + 1] by l3: of the target of each form */
} couple_pair;

typedef struct couple {
  int l1, l2, low, high; /* degrees low, low + step, ..., high of the output; none when low > high */
  int step;              /* 2: l1 + l2 + l3 even alone */
  double *scale;         /* [high + 1] by l3: W = scale k; k is 1 or -1 where most entries are equal */
  int *pairs;            /* [high + 1] by |m3| */
  couple_pair **pair;
} couple;

/* In the arena. The 3j symbols are ours (WEYL_GAUGE_WEYL). */
WEYL_MUST_CHECK weyl_status couple_make(weyl_context *ctx, weyl_arena *arena, int l1, int l2, int l3_max, bool even,
                                        couple *out);
/* The target of a form is -m (true) or +m. */
bool couple_target(const couple *c, int l3, couple_form f);
/* The form takes part in a path of the pair. */
bool couple_used(const couple *c, const couple_pair *p, couple_form f);

#endif
