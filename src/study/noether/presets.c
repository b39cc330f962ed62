/* Problems that come with the library. */
#include "noether/problem.h"

static const struct {
  const char *name, *text;
} presets[] = {
    {"free-particle",
     "about: a free particle on a line: the Schroedinger group\n"
     "independent: t\nfields: x\nparameters: m = 1\n"
     "lagrangian: m*x'^2/2\n"
     "generator time: t = 1\n"
     "generator translation: x = 1\n"
     "generator boost: x = t\n"
     "generator dilation: t = 2*t, x = x\n"
     "generator expansion: t = t^2, x = t*x\n"
     "initial: x = 1, x_t = 1/2\n"},
    {"free-particle-2d",
     "about: a free particle in a plane: all eight generators of the Schroedinger group\n"
     "independent: t\nfields: x, y\nparameters: m = 1\n"
     "lagrangian: m*(x'^2 + y'^2)/2\n"
     "generator time: t = 1\n"
     "generator translation_x: x = 1\n"
     "generator translation_y: y = 1\n"
     "generator rotation: x = -y, y = x\n"
     "generator boost_x: x = t\n"
     "generator boost_y: y = t\n"
     "generator dilation: t = 2*t, x = x, y = y\n"
     "generator expansion: t = t^2, x = t*x, y = t*y\n"
     "initial: x = 1, y = -1, x_t = 1/2, y_t = 1/3\n"},
    {"oscillator",
     "about: a harmonic oscillator\n"
     "independent: t\nfields: x\nparameters: m = 1, w = 1\n"
     "lagrangian: m*(x'^2 - w^2*x^2)/2\n"
     "generator time: t = 1\n"
     "generator sine: x = sin(w*t)\n"
     "generator cosine: x = cos(w*t)\n"
     "ansatz: cos(w*t), sin(w*t), cos(2*w*t), sin(2*w*t)\n"
     "initial: x = 1, x_t = 1/2\n"},
    {"oscillator-2d",
     "about: an isotropic oscillator in a plane, with Fradkin's tensor from generalised symmetries\n"
     "independent: t\nfields: x, y\nparameters: m = 1, w = 1\n"
     "lagrangian: m*(x'^2 + y'^2 - w^2*(x^2 + y^2))/2\n"
     "generator time: t = 1\n"
     "generator rotation: x = -y, y = x\n"
     "generator fradkin_xx: x = x'\n"
     "generator fradkin_xy: x = y', y = x'\n"
     "initial: x = 1, y = 1/4, x_t = 0, y_t = 1\n"},
    {"pendulum",
     "about: a pendulum\n"
     "independent: t\nfields: q\nparameters: l = 1, g = 1\n"
     "lagrangian: l^2*q'^2/2 + g*l*cos(q)\n"
     "generator time: t = 1\n"
     "initial: q = 2, q_t = 0\n"},
    {"double-pendulum",
     "about: two pendulums of equal length and mass, one below the other\n"
     "independent: t\nfields: a, b\nparameters: l = 1, g = 1\n"
     "lagrangian: l^2*(a'^2 + b'^2/2 + a'*b'*cos(a - b)) + g*l*(2*cos(a) + cos(b))\n"
     "generator time: t = 1\n"
     "initial: a = 1, b = 1/2, a_t = 0, b_t = 0\n"
     "step: 0.02\n"},
    {"magnetic",
     "about: a charge in a plane with a magnetic field across it\n"
     "independent: t\nfields: x, y\nparameters: m = 1, B = 2\n"
     "lagrangian: m*(x'^2 + y'^2)/2 + B*(x*y' - y*x')/2\n"
     "generator time: t = 1\n"
     "generator translation_x: x = 1\n"
     "generator translation_y: y = 1\n"
     "generator rotation: x = -y, y = x\n"
     "initial: x = 1, y = 0, x_t = 1/2, y_t = 1\n"},
    {"kepler",
     "about: Kepler's problem in its plane, with the Laplace-Runge-Lenz vector from generalised symmetries\n"
     "independent: t\nfields: x, y\nparameters: m = 1, k = 1\n"
     "lagrangian: m*(x'^2 + y'^2)/2 + k/sqrt(x^2 + y^2)\n"
     "generator time: t = 1\n"
     "generator rotation: x = -y, y = x\n"
     "generator runge_lenz_x: x = m*y*y', y = m*(y*x' - 2*x*y')\n"
     "generator runge_lenz_y: x = m*(x*y' - 2*y*x'), y = m*x*x'\n"
     "initial: x = 1, y = 0, x_t = 0, y_t = 1.2\n"
     "time: 20\n"},
    {"kepler-3d",
     "about: Kepler's problem in space\n"
     "independent: t\nfields: x, y, z\nparameters: m = 1, k = 1\n"
     "lagrangian: m*(x'^2 + y'^2 + z'^2)/2 + k/sqrt(x^2 + y^2 + z^2)\n"
     "generator time: t = 1\n"
     "generator rotation_x: y = -z, z = y\n"
     "generator rotation_y: z = -x, x = z\n"
     "generator rotation_z: x = -y, y = x\n"
     "generator runge_lenz_x: x = m*(y*y' + z*z'), y = m*(y*x' - 2*x*y'), z = m*(z*x' - 2*x*z')\n"
     "generator runge_lenz_y: x = m*(x*y' - 2*y*x'), y = m*(x*x' + z*z'), z = m*(z*y' - 2*y*z')\n"
     "generator runge_lenz_z: x = m*(x*z' - 2*z*x'), y = m*(y*z' - 2*z*y'), z = m*(x*x' + y*y')\n"
     "initial: x = 1, y = 0, z = 1/4, x_t = 0, y_t = 1, z_t = 1/4\n"
     "time: 20\n"},
    {"two-body",
     "about: two bodies in a plane that attract each other\n"
     "independent: t\nfields: x1, y1, x2, y2\nparameters: m1 = 1, m2 = 2, k = 1\n"
     "define r: sqrt((x1 - x2)^2 + (y1 - y2)^2)\n"
     "lagrangian: m1*(x1'^2 + y1'^2)/2 + m2*(x2'^2 + y2'^2)/2 + k/r\n"
     "generator time: t = 1\n"
     "generator translation_x: x1 = 1, x2 = 1\n"
     "generator translation_y: y1 = 1, y2 = 1\n"
     "generator boost_x: x1 = t, x2 = t\n"
     "generator boost_y: y1 = t, y2 = t\n"
     "generator rotation: x1 = -y1, y1 = x1, x2 = -y2, y2 = x2\n"
     "initial: x1 = 1, y1 = 0, x2 = -1/2, y2 = 0, x1_t = 0, y1_t = 0.8, x2_t = 0.1, y2_t = -0.3\n"},
    {"half-plane",
     "about: geodesics of the hyperbolic plane, Poincare's half plane\n"
     "independent: t\nfields: x, y\n"
     "lagrangian: (x'^2 + y'^2)/(2*y^2)\n"
     "generator time: t = 1\n"
     "generator translation: x = 1\n"
     "generator dilation: x = x, y = y\n"
     "generator special: x = x^2 - y^2, y = 2*x*y\n"
     "initial: x = 0, y = 1, x_t = 1, y_t = 1/2\n"
     "time: 4\n"},
    {"wave",
     "about: the wave equation on a line\n"
     "independent: t, x\nfields: u\nparameters: c = 1\n"
     "lagrangian: u_t^2/2 - c^2*u_x^2/2\n"
     "generator time: t = 1\n"
     "generator space: x = 1\n"
     "generator boost: t = x, x = c^2*t\n"
     "generator dilation: t = t, x = x\n"
     "generator shift: u = 1\n"
     "generator drift: u = t\n"
     "initial: u = exp(-x^2), u_t = x*exp(-x^2)\n"
     "domain: x = -20 to 20\npoints: 256\ntime: 5\nstep: 0.1\n"},
    {"wave-2d",
     "about: the wave equation in a plane\n"
     "independent: t, x, y\nfields: u\n"
     "lagrangian: (u_t^2 - u_x^2 - u_y^2)/2\n"
     "generator time: t = 1\n"
     "generator space_x: x = 1\n"
     "generator space_y: y = 1\n"
     "generator rotation: x = -y, y = x\n"
     "generator boost_x: t = x, x = t\n"
     "generator boost_y: t = y, y = t\n"
     "generator dilation: t = t, x = x, y = y, u = -u/2\n"
     "generator inversion: t = t^2 + x^2 + y^2, x = 2*t*x, y = 2*t*y, u = -t*u\n"},
    {"klein-gordon",
     "about: the Klein-Gordon equation on a line\n"
     "independent: t, x\nfields: u\nparameters: m = 1\n"
     "lagrangian: (u_t^2 - u_x^2 - m^2*u^2)/2\n"
     "generator time: t = 1\n"
     "generator space: x = 1\n"
     "generator boost: t = x, x = t\n"
     "initial: u = exp(-x^2), u_t = x*exp(-x^2)\n"
     "domain: x = -20 to 20\npoints: 256\ntime: 5\nstep: 0.1\n"},
    {"sine-gordon",
     "about: the sine-Gordon equation, from a breather\n"
     "independent: t, x\nfields: u\nparameters: w = 3/5\n"
     "lagrangian: u_t^2/2 - u_x^2/2 - (1 - cos(u))\n"
     "generator time: t = 1\n"
     "generator space: x = 1\n"
     "generator boost: t = x, x = t\n"
     "initial: u = 0, u_t = 4*sqrt(1 - w^2)/cosh(sqrt(1 - w^2)*x)\n"
     "domain: x = -40 to 40\npoints: 512\ntime: 10\nstep: 0.2\n"},
    {"kdv",
     "about: the Korteweg-de Vries equation itself, for its symmetries (kdv-potential has a lagrangian)\n"
     "independent: t, x\nfields: u\n"
     "equation: u_t + 6*u*u_x + u_xxx = 0\n"
     "generator time: t = 1\n"
     "generator space: x = 1\n"
     "generator galilei: x = 6*t, u = 1\n"
     "generator scaling: t = 3*t, x = x, u = -2*u\n"},
    {"kdv-potential",
     "about: the Korteweg-de Vries equation of u = w_x\n"
     "independent: t, x\nfields: w\n"
     "lagrangian: w_t*w_x/2 + w_x^3 - w_xx^2/2\n"
     "evolution: w_t = -3*w_x^2 - w_xxx\n"
     "generator time: t = 1\n"
     "generator space: x = 1\n"
     "generator shift: w = 1\n"
     "generator galilei: x = 6*t, w = x\n"
     "initial: w = exp(-x^2/4)\n"
     "domain: x = -60 to 60\npoints: 512\ntime: 0.5\nstep: 0.02\n"},
    {"nls",
     "about: the focusing nonlinear Schroedinger equation of u + i v, from a moving soliton\n"
     "independent: t, x\nfields: u, v\n"
     "lagrangian: (u*v_t - v*u_t)/2 + (u_x^2 + v_x^2)/2 - (u^2 + v^2)^2/2\n"
     "generator phase: u = -v, v = u\n"
     "generator time: t = 1\n"
     "generator space: x = 1\n"
     "generator galilei: x = 2*t, u = -x*v, v = x*u\n"
     "initial: u = cos(x/2)/cosh(x), v = sin(x/2)/cosh(x)\n"
     "domain: x = -30 to 30\npoints: 256\ntime: 2\nstep: 0.02\n"},
    {"beam",
     "about: a vibrating beam (Euler, Bernoulli): second derivatives in the lagrangian\n"
     "independent: t, x\nfields: u\n"
     "lagrangian: u_t^2/2 - u_xx^2/2\n"
     "generator time: t = 1\n"
     "generator space: x = 1\n"
     "generator shift: u = 1\n"
     "generator tilt: u = x\n"
     "generator dilation: t = 2*t, x = x, u = u/2\n"
     "initial: u = exp(-x^2/4)\n"
     "domain: x = -60 to 60\npoints: 256\ntime: 2\nstep: 0.1\n"},
    {"minimal-surface",
     "about: surfaces of least area over a plane: no motion, rotations mix field and position\n"
     "independent: x, y\nfields: u\n"
     "lagrangian: sqrt(1 + u_x^2 + u_y^2)\n"
     "generator translation_x: x = 1\n"
     "generator lift: u = 1\n"
     "generator rotation: x = -y, y = x\n"
     "generator tilt: x = -u, u = x\n"},
};

const char *weyl_noether_preset(size_t i, const char **text) {
  if (i >= sizeof presets / sizeof *presets) return NULL;
  if (text) *text = presets[i].text;
  return presets[i].name;
}
