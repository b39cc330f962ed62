/* weyl/bms.h: asymptotically flat gravity in three dimensions and its symmetry BMS3, one of the theory laboratories
 * (study.h includes it); and supertranslated Minkowski space in four.
 *
 * Boundary data are two functions of an angle, Theta (mass aspect) and Xi (angular momentum aspect).  They are the
 * metric in the bulk, near future (u, r, phi) and past (v, r, phi) null infinity:
 *
 *   ds^2 = Theta du^2 - 2 du dr + (2 Xi + u Theta') du dphi + r^2 dphi^2
 *   ds^2 = Theta dv^2 + 2 dv dr + (2 Xi + v Theta') dv dphi + r^2 dphi^2
 *
 * so g_uphi = Xi + u Theta' / 2 (others write N = 2 Xi + u Theta', or N for half of it).  Minkowski space is Theta =
 * -1, Xi = 0.  Functions are trigonometric polynomials as in circle.h; all derivatives are exact.
 *
 * Sources: Schoeller, Symmetries and Asymptotically Flat Space (arXiv 2003.07243); Prohazka, Salzer, Schoeller, Linking
 * Past and Future Null Infinity in Three Dimensions (1701.06573); Barnich, Compere (2006); Barnich, Oblak (2014, 2015).
 */
#ifndef WEYL_BMS_H
#define WEYL_BMS_H

#include <weyl/circle.h>
#include <weyl/core.h>

WEYL_BEGIN_API

/* Modes [2 modes + 1] each; who made them owns them: the _new functions put zeros in an arena. */
typedef struct weyl_bms_data {
  size_t modes;
  double *theta, *xi;
} weyl_bms_data;
/* An infinitesimal symmetry: superrotation Y, supertranslation T. */
typedef struct weyl_bms_vector {
  size_t modes;
  double *y, *t;
} weyl_bms_vector;
/* A finite one: F(phi) = phi + p(phi) after the supertranslation alpha. */
typedef struct weyl_bms_map {
  size_t modes;
  double *p, *alpha;
} weyl_bms_map;
WEYL_MUST_CHECK weyl_status weyl_bms_data_new(weyl_arena *arena, size_t modes, weyl_bms_data *out);
WEYL_MUST_CHECK weyl_status weyl_bms_vector_new(weyl_arena *arena, size_t modes, weyl_bms_vector *out);
WEYL_MUST_CHECK weyl_status weyl_bms_map_new(weyl_arena *arena, size_t modes, weyl_bms_map *out);
/* Data without their highest modes that are all 0: a result with room to spare costs no more than what it holds. */
weyl_bms_data weyl_bms_data_trim(weyl_bms_data data);

/* ---- where data come from ---- */

/* By name, parameters behind colons: minkowski, defect:A (Theta = -A^2; A > 1: an excess), orbifold, fsc:M:J (Theta =
 * 8 G M > 0, Xi = 4 G J), spinning:A:J, boosted:A:B (a defect moved with rapidity B), random:SEED (|n| <= 4, sizes
 * 2^-|n| around Theta = -1/2). */
WEYL_MUST_CHECK weyl_status weyl_bms_preset(weyl_context *ctx, weyl_arena *arena, const char *text, double g,
                                            weyl_bms_data *out);
const char *weyl_bms_preset_known(size_t i, const char **about); /* for help: NULL beyond the last */
/* Two functions from a table.  Modes: columns n, A_cos, A_sin, B_cos, B_sin (B may be left out; the sine of n = 0 is
 * 0). Samples: columns phi, A, B with phi equally spaced from 0 in [0, 2 pi), or to 2 pi, where the values must be
 * those at 0.  A and B are the names given.  `winds`: A grows by 2 pi over the circle and its periodic part A - phi is
 * read; in modes A is that part. WEYL_FORMAT for what is not finite, missing, given twice or not periodic. */
WEYL_MUST_CHECK weyl_status weyl_bms_table(weyl_context *ctx, weyl_arena *arena, const char *path, const char *a,
                                           const char *b, bool winds, size_t *modes, double **first, double **second);
/* Normal modes with deviation size 2^-n up to n = modes; the constants too. */
void weyl_bms_random(weyl_rng *rng, size_t modes, double size, double *c);

/* WEYL_NUMERIC for modes that are not finite, WEYL_BAD_ARG for F' <= 0 with the place. */
WEYL_MUST_CHECK weyl_status weyl_bms_map_check(weyl_context *ctx, const weyl_bms_map *map);

/* ---- what symmetries do at the boundary ---- */

/* delta Theta = Y Theta' + 2 Y' Theta - 2 Y''',  delta Xi = Y Xi' + 2 Y' Xi + T Theta' / 2 + T' Theta - T'''.  out:
 * room for data->modes + v->modes. */
WEYL_MUST_CHECK weyl_status weyl_bms_vary(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_vector *v,
                                          weyl_bms_data *out);
/* Y12 = Y1 Y2' - Y2 Y1', T12 = Y1 T2' + T1 Y2' - Y2 T1' - T2 Y1'; out: room for the sum of modes. */
WEYL_MUST_CHECK weyl_status weyl_bms_bracket(weyl_context *ctx, const weyl_bms_vector *a, const weyl_bms_vector *b,
                                             weyl_bms_vector *out);
/* Theta~ = F'^2 Theta(F) - 2 {F, phi},  Xi~ = F'^2 (Xi + alpha Theta' / 2 + alpha' Theta - alpha''')(F) in out->modes.
 * aliasing: the largest change when twice the points are taken, relative to the result. */
WEYL_MUST_CHECK weyl_status weyl_bms_transform(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_map *map,
                                               weyl_bms_data *out, double *aliasing);
/* First a, then b: F = a.F o b.F and alpha = a.alpha + (a.F' b.alpha) o a.F^-1, in out->modes. */
WEYL_MUST_CHECK weyl_status weyl_bms_compose(weyl_context *ctx, const weyl_bms_map *a, const weyl_bms_map *b,
                                             weyl_bms_map *out);
/* What undoes a map: F^-1 and -(alpha o F) / F'. */
WEYL_MUST_CHECK weyl_status weyl_bms_inverse(weyl_context *ctx, const weyl_bms_map *map, weyl_bms_map *out);
/* Past data of future ones and back: f(phi + pi). */
void weyl_bms_antipode(size_t modes, const double *from, double *to);

/* ---- charges ---- */

/* Q(T, Y) = 1 / (16 pi G) int T (Theta + 1) + 2 Y Xi. M = Q(1, 0), J = Q(0, 1). */
double weyl_bms_charge(const weyl_bms_data *data, const weyl_bms_vector *v, double g);
/* K12 = 1 / (8 pi G) int Y1' (T2'' + T2) - Y2' (T1'' + T1): delta_2 Q1 = Q(T12, Y12) + K12. */
double weyl_bms_central(const weyl_bms_vector *a, const weyl_bms_vector *b, double g);

typedef struct weyl_bms_algebra {
  double c1, c2; /* from the modes m = 2 .. modes: mean */
  double c1_spread, c2_spread;
  double residual;   /* worst |bracket - ((m - n) charge + central)| */
  double wrong_term; /* the same with m^3 in place of m (m^2 - 1): must not vanish */
  double no_term;    /* the same without a central term: must not vanish */
} weyl_bms_algebra;
/* i {Q_m, Q_n} for |m|, |n| <= modes, from {Q1, Q2} = delta_2 Q1.  r > 0: from the bulk, the charge form of xi_1 for
 * the variation Lie_{xi_2} g of the metric, at that radius; r = 0: from the formulas at the boundary.  table (may be
 * NULL) [3][2 modes + 1][2 modes + 1][2]: JJ, JP, PP, real and imaginary parts. */
WEYL_MUST_CHECK weyl_status weyl_bms_algebra_of(weyl_context *ctx, const weyl_bms_data *data, size_t modes, double g,
                                                double r, double *table, weyl_bms_algebra *out);

/* ---- orbits ---- */

typedef enum weyl_bms_class {
  WEYL_BMS_HYPERBOLIC, /* flat cosmologies */
  WEYL_BMS_ELLIPTIC,   /* conical defects (0 < a < 1) and excesses */
  WEYL_BMS_PARABOLIC,
  WEYL_BMS_EXCEPTIONAL /* monodromy +-1: a whole; a = 1 is the vacuum */
} weyl_bms_class;
const char *weyl_bms_class_name(weyl_bms_class c);

typedef struct weyl_bms_orbit {
  weyl_bms_class what;
  double monodromy[2][2]; /* of psi'' = Theta psi / 4 over the circle, from (psi, psi') at 0 */
  double trace, error;    /* error: by half the steps */
  int winding;           /* half turns of (psi, psi'): zeros of psi along an eigenvector; floor(a) of elliptic orbits */
  int sign;              /* parabolic: of the off-diagonal part */
  double theta0;         /* the constant of the orbit; NaN when it has none */
  double a;              /* Theta0 = -a^2; NaN */
  bool bounded;          /* the energy is bounded from below on the orbit */
  size_t stabilisers;    /* 1, or 3 of exceptional orbits */
  double spin[3];        /* 1 / (2 pi) int Xi y of each periodic stabiliser y; generic: the invariant j */
  double integral;       /* of the first: y y'' - y'^2 / 2 - Theta y^2 / 2, = -Theta0 / 2 when normalised */
  double integral_error; /* how far from constant, relative */
} weyl_bms_orbit;
/* stabiliser (may be NULL) [3][points]: y at 2 pi i / points. points: steps of the integration, 0: enough for the modes
 * (a power of 2). */
WEYL_MUST_CHECK weyl_status weyl_bms_orbit_of(weyl_context *ctx, const weyl_bms_data *data, size_t points,
                                              weyl_bms_orbit *out, double *stabiliser);

/* Flat cosmology: M = Theta / (8 G), J = Xi / (4 G), Theta > 0, Xi not 0. */
typedef struct weyl_bms_thermo {
  double mass, spin, radius, entropy, temperature, omega;
} weyl_bms_thermo;
WEYL_MUST_CHECK weyl_status weyl_bms_thermodynamics(weyl_context *ctx, double theta, double xi, double g,
                                                    weyl_bms_thermo *out);

/* ---- the bulk ---- */

/* Metric and its curvature at n points x [n][3] = (u, r, phi): g [n][6] and ricci [n][6] as uu, ur, uphi, rr, rphi,
 * phiphi, scale [n]: the largest term in the sums; each may be NULL.  past: (v, r, phi). WEYL_BAD_ARG for r = 0. */
WEYL_MUST_CHECK weyl_status weyl_bms_metric(weyl_context *ctx, const weyl_bms_data *data, bool past, size_t n,
                                            const double *x, double *g, double *ricci, double *scale);
/* What must vanish, at random points with r in [low, high], the worst relative to the size of its terms. */
typedef struct weyl_bms_bulk {
  double ricci;
  double spoilt;     /* control: Ricci when g_uphi lacks u Theta' / 2: must not vanish unless Theta is constant */
  double lie;        /* Lie_xi g against the metric of (delta Theta, delta Xi) */
  double bracket;    /* [xi1, xi2] - (delta_1 xi2 - delta_2 xi1) against xi(T12, Y12) */
  double unmodified; /* controls: without the modification, and with the wrong sign of it: these must not vanish */
  double wrong_sign;
  double completion; /* |n|^2 / Omega of the completed metric at Omega = 1e-6, largest: n is null on the boundary */
} weyl_bms_bulk;
WEYL_MUST_CHECK weyl_status weyl_bms_bulk_check(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_vector *a,
                                                const weyl_bms_vector *b, bool past, size_t points, double low,
                                                double high, uint64_t seed, weyl_bms_bulk *out);
/* The charge of v for the variation (delta Theta, delta Xi) of the data: the form of Barnich and Brandt from the
 * metric, integrated over the circle at (u, r). The closed form is 1 / (16 pi G) int T dTheta + 2 Y dXi. */
WEYL_MUST_CHECK weyl_status weyl_bms_bulk_charge(weyl_context *ctx, const weyl_bms_data *data, const weyl_bms_vector *v,
                                                 const weyl_bms_data *variation, bool past, double u, double r,
                                                 double g, double *charge);
/* The same for the variation Lie_w g. */
WEYL_MUST_CHECK weyl_status weyl_bms_bulk_bracket(weyl_context *ctx, const weyl_bms_data *data,
                                                  const weyl_bms_vector *v, const weyl_bms_vector *w, bool past,
                                                  double u, double r, double g, double *charge);

/* ---- motion ---- */

/* Null or timelike geodesics by a Runge-Kutta pair of order 5 with the tolerance given, from x = (u, r, phi), with
 * velocities (in proper time or an affine parameter).  Ends at r = far on the way out, at r <= near, or after `most`
 * steps. */
typedef struct weyl_bms_ray {
  double x[3], v[3];
  double parameter;
  double nearest;    /* least r */
  double norm;       /* of v at the start: -1, 0, 1 */
  double norm_drift; /* the largest change of g(v, v), relative to its largest term */
  size_t steps;
  bool escaped;
} weyl_bms_ray;
typedef struct weyl_bms_ray_opts {
  double far, near, tolerance;
  size_t most;
  bool past;
  double *path; /* NULL, or [path_room][3]: r cos, r sin, u at each step */
  size_t path_room;
} weyl_bms_ray_opts;
WEYL_MUST_CHECK weyl_status weyl_bms_geodesic(weyl_context *ctx, const weyl_bms_data *data, const double x[3],
                                              const double v[3], const weyl_bms_ray_opts *opts, weyl_bms_ray *out);
/* A future null velocity at x, inward or outward, with phi' = b / r^2. */
WEYL_MUST_CHECK weyl_status weyl_bms_null(weyl_context *ctx, const weyl_bms_data *data, bool past, const double x[3],
                                          double b, bool inward, double v[3]);

/* Null matter: d_u Theta = -16 pi G tau(u, phi), d_u N = Theta' - 16 pi G sigma(u, phi), with tau = w(u) tau_0(phi),
 * sigma = w(u) sigma_0(phi) and a pulse w of unit integral and width `width` around u_0 (Gaussian). */
typedef struct weyl_bms_matter {
  size_t modes;
  const double *tau, *sigma;
  double centre, width, g;
} weyl_bms_matter;
typedef struct weyl_bms_flow {
  size_t steps;
  double *u, *mass, *spin; /* [steps + 1] */
  double *lost;            /* [steps + 1]: mass so far carried off, the integral of tau */
  double mass_error;       /* largest |M + lost - M(0)|, and so for J and 2 pi sigma */
  double spin_error;
  double ricci_error; /* |R_ab - 8 pi G T_ab| from the metric in the bulk at random points, relative */
  double trace;       /* |R| likewise: the matter is null */
  weyl_bms_data end;  /* Theta, and Xi by N = 2 Xi + u Theta' at the end */
} weyl_bms_flow;
/* By the classical Runge-Kutta method, arrays in the arena. */
WEYL_MUST_CHECK weyl_status weyl_bms_evolve(weyl_context *ctx, weyl_arena *arena, const weyl_bms_data *data,
                                            const weyl_bms_matter *matter, double from, double to, size_t steps,
                                            weyl_bms_flow *out);

/* ---- four dimensions ----
 *
 * ds^2 = -du^2 - 2 du d(r + f) + q_AC q^C_B dtheta^A dtheta^B, q_AB = r gamma_AB - D_A D_B f, is flat for every f on
 * the sphere.  f = sum c_lm Y_lm, real, Y_l0 = P_l(cos theta), Y_lm = sqrt(2 (l-m)! / (l+m)!) P_lm cos(m phi), -m:
 * sin(m phi); no Condon-Shortley phase; c [(l_max+1)^2] at l^2 + l + m. */
#define WEYL_BMS_DEGREE 16
typedef struct weyl_bms_shear {
  double c[3];   /* C_AB in the frame d_theta, d_phi / sin theta: theta theta, theta phi, phi phi */
  double trace;  /* of what the metric gives, before the shift of r removes it, minus -2 D^2 f: a check */
  double radius; /* the caustic: the largest eigenvalue of D_A D_B f */
} weyl_bms_shear;
/* The shear at (theta, phi) from the metric in the bulk: the part linear in r of the angular metric, trace removed. */
WEYL_MUST_CHECK weyl_status weyl_bms_shear_at(weyl_context *ctx, int l_max, const double *c, double theta, double phi,
                                              weyl_bms_shear *out);
typedef struct weyl_bms_vacuum {
  double riemann;      /* largest component relative to its terms, at random points off the caustics */
  double riemann_size; /* the same, absolute, in an orthonormal-like scale: times r^2 */
  double trace;        /* largest |C^A_A| */
  double shear;        /* largest |C_AB| */
  double closed;       /* C_AB from the metric against -2 D_A D_B f + gamma_AB D^2 f */
  double divergence;   /* g_uA from the metric against D^B C_AB / 2 */
  double mass;         /* largest mass aspect: g_uu + 1 */
  double radius;       /* of the outermost caustic seen */
  double norm2;        /* 1 / (4 pi) int C_AB C^AB */
} weyl_bms_vacuum;
WEYL_MUST_CHECK weyl_status weyl_bms_vacuum_check(weyl_context *ctx, int l_max, const double *c, size_t points,
                                                  uint64_t seed, weyl_bms_vacuum *out);
/* Riemann at one point (u, r, theta, phi): largest component and term. WEYL_DEGENERATE on a caustic (within 1e-6). */
WEYL_MUST_CHECK weyl_status weyl_bms_vacuum_riemann(weyl_context *ctx, int l_max, const double *c, const double x[4],
                                                    double *riemann, double *scale);
/* -1 / (8 pi G) int Y^A (C_A^B D^C C_BC / 4 + D_A (C_BC C^BC) / 16) for Y_A = D_A Y_lm, or (curl) eps_A^B D_B Y_lm: 0
 * for l = 1, the Lorentz group. The coefficients depend on conventions (those of Flanagan, Nichols). */
WEYL_MUST_CHECK weyl_status weyl_bms_vacuum_charge(weyl_context *ctx, int l_max, const double *c, int l, int m,
                                                   bool curl, double g, double *charge);

/* The same vacuum without caustics: eta pulled back along (t, x) -> (t + chi f, x - chi grad f), where chi(r / L) rises
 * smoothly from 0 at r = L to 1 at 2 L. Inside L it is Minkowski space as it was, beyond 2 L the metric above. The map
 * has an inverse where L is large beside f: where `stretch` is positive in every direction. */
typedef struct weyl_bms_smooth_point {
  double g[10];                  /* uu, ur, u theta, u phi, rr, r theta, r phi, theta theta, theta phi, phi phi */
  double volume, riemann, scale; /* sqrt |det g|; largest component, and term */
  double stretch;                /* least of the map along the sphere, 1 inside L; 0 on a caustic */
} weyl_bms_smooth_point;
/* At (u, r, theta, phi), r > 0. WEYL_DEGENERATE on a caustic, which a larger `length` (L) does away with. */
WEYL_MUST_CHECK weyl_status weyl_bms_smooth_at(weyl_context *ctx, int l_max, const double *c, double length,
                                               const double x[4], weyl_bms_smooth_point *out);
typedef struct weyl_bms_smooth {
  double riemann[3];      /* largest component relative to its terms: r from 1e-4 L to L, to 2 L, to 10 L */
  double spoilt;          /* the second without the slope of chi: a control */
  double inside, outside; /* metric against that of Minkowski space, r < L, and of the vacuum of f, r > 2 L */
  double shear;           /* C_AB from this metric beyond 2 L against the closed form */
  double stretch;         /* least seen */
} weyl_bms_smooth;
WEYL_MUST_CHECK weyl_status weyl_bms_smooth_check(weyl_context *ctx, int l_max, const double *c, double length,
                                                  size_t points, uint64_t seed, weyl_bms_smooth *out);

/* ---- the sheet's known values, one a row: what `weyl reproduce flat-space` shows; NULL beyond the last ---- */
typedef struct weyl_bms_check {
  const char *name, *metric;
  double known;       /* NaN: none */
  double low, high;   /* what ours must lie in */
  const char *source; /* "exact", or "control" of what must fail */
} weyl_bms_check;
const weyl_bms_check *weyl_bms_check_at(size_t i);
WEYL_MUST_CHECK weyl_status weyl_bms_check_run(weyl_context *ctx, size_t i, bool full, double *ours, char budget[64]);

WEYL_END_API
#endif
