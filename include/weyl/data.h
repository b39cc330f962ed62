/* weyl/data.h: data sets, file formats, simulators and generators.  Models never see files; data never sees models.
 *
 * A data set is a list of samples; a sample has rows of several counts (1 of "batch", its nodes, its edges ...), and
 * fields are arrays over one of these counts, sample after sample: the field "x" of 3 samples with 5, 2 and 4 nodes is
 * [11, 3].
 */
#ifndef WEYL_DATA_H
#define WEYL_DATA_H

#include <weyl/group.h>

WEYL_BEGIN_API

/* What a field has one row of. The numbers equal the engine's counts. */
typedef enum weyl_rows_per {
  WEYL_PER_SAMPLE = 1,
  WEYL_PER_NODE = 2,
  WEYL_PER_EDGE = 3,
  WEYL_PER_COUNT = 4
} weyl_rows_per;

typedef struct weyl_field {
  const char *name;
  weyl_rows_per per;
  weyl_array array; /* [rows, ...]: f64, f32 or i32; edges' indices are local to the sample */
  const char *unit; /* "" when dimensionless */
} weyl_field;

typedef struct weyl_dataset weyl_dataset;
WEYL_MUST_CHECK weyl_status weyl_dataset_new(weyl_context *ctx, const char *name, int64_t samples, weyl_dataset **out);
void weyl_dataset_free(weyl_dataset *set);
const char *weyl_dataset_name(const weyl_dataset *set);
int64_t weyl_dataset_samples(const weyl_dataset *set);
/* offsets [samples + 1]: sample s has the rows offsets[s] .. offsets[s+1]-1. For samples themselves 0, 1, 2, ... NULL
 * until set. */
const int64_t *weyl_dataset_offsets(const weyl_dataset *set, weyl_rows_per per);
WEYL_MUST_CHECK weyl_status weyl_dataset_set_offsets(weyl_dataset *set, weyl_rows_per per,
                                                     const int64_t *offsets); /* copied, checked ascending */
/* Adds a field of zeros and gives its array to be filled; rows follow from the offsets. row_dim/row_rank: shape of one
 * row. */
WEYL_MUST_CHECK weyl_status weyl_dataset_add(weyl_dataset *set, const char *name, weyl_rows_per per, weyl_dtype dtype,
                                             int row_rank, const int64_t *row_dim, const char *unit, weyl_array *out);
size_t weyl_dataset_fields(const weyl_dataset *set);
const weyl_field *weyl_dataset_field(const weyl_dataset *set, size_t i);
const weyl_field *weyl_dataset_find(const weyl_dataset *set, const char *name); /* NULL when absent */
WEYL_MUST_CHECK weyl_status weyl_dataset_note(weyl_dataset *set, const char *key,
                                              const char *value); /* "source", "units", "seed" ... */
const char *weyl_dataset_noted(const weyl_dataset *set, const char *key);
size_t weyl_dataset_notes(const weyl_dataset *set);
const char *weyl_dataset_note_at(const weyl_dataset *set, size_t i, const char **value); /* the key */
/* A new set of n of the samples, in the order given (a number may come again), with the same fields and notes. */
WEYL_MUST_CHECK weyl_status weyl_dataset_take(const weyl_dataset *set, const int64_t *sample, int64_t n,
                                              weyl_dataset **out);
/* NaN, infinities, empty samples: the first found is named ("test sample 17, node 3: x is nan"). */
WEYL_MUST_CHECK weyl_status weyl_dataset_check_finite(weyl_context *ctx, const weyl_dataset *set);
/* SHA-256 of names, shapes and bytes. */
void weyl_dataset_checksum(const weyl_dataset *set, char hex[65]);

/* train, valid, test of one task. */
typedef struct weyl_splits {
  weyl_dataset *train, *valid, *test;
} weyl_splits;
void weyl_splits_free(weyl_splits *splits);

/* ---- motion windows ---- */

/* What the sets of motion (springs, charged, charged3, molecules, skeleton, pedestrians, motion) hold: a sample is a
 * window of N agents over T past and F future frames in d dimensions. Fields, all per sample:
 *   past    f64 [N][T][d]    positions seen, the last one at T - 1
 *   future  f64 [N][F][d]    positions to be predicted
 *   agents  i32              how many of the N rows are agents: they come first, the rows behind them are zero
 *   edges   i32 [N][N]       class of each pair, 0 ... and 0 on the diagonal, where the truth is known; classes are
 *                            named by the note edge_classes ("none|spring")
 *   charge  f64 [N]          charged and charged3
 *   type    i32 [N]          atomic numbers, molecules
 *   scene, start   i32       numbers of the recording that the window is from, and of its first frame there
 *   id      i32 [N]          of tracks that weyl_motion_inputs reads: number of the agent in the note ids (a line each)
 * Notes: source; units; time_step (between the frames of a window, in the note time_unit); scale (an error times this
 * is in the note units: data were divided by it); joints ("hip|knee|..."), parents ("-1 0 ..." of the joints) and
 * joint_weights (N numbers: an average error over joints is sum_i w_i e_i; without it 1/N each); root ("origin": joints
 * without a parent hang from one that stands there); scenes ("a|b|..."); ego ("true": the error counts row 0 alone). */

/* The same windows as the samples that models are trained on, without padding: past [T][d] and target [F][d] a node,
 * both less origin [d] a sample, the mean of its past;
 * edge_i and edge_j for each ordered pair, edge_label where edges are known, node_scalar (the charge, if asked for),
 * joint (one-hot) and metric_weight of skeletons, counted (1 for an ego, else 0), metric_scale a sample, scene and
 * start as they are. */
WEYL_MUST_CHECK weyl_status weyl_motion_rows(weyl_context *ctx, const weyl_dataset *windows, bool charges,
                                             weyl_dataset **out);

/* What kind of motion a file or folder holds, by content: "pedestrians" (a folder of ETH-UCY, rows of tracks),
 * "skeleton" (BVH, AMC, Human3.6M text, folders of them), "windows" (an npz with train_past ...) or "molecules" (npz,
 * xyz, HDF5 of trajectories). WEYL_FORMAT with what was looked for. */
WEYL_MUST_CHECK weyl_status weyl_motion_kind(weyl_context *ctx, const char *path, const char **kind);
/* The splits of that kind: what the set "motion" loads. options: its table, NULL the defaults. */
WEYL_MUST_CHECK weyl_status weyl_motion_read(weyl_context *ctx, const weyl_options *options, const char *path,
                                             weyl_splits *out);

/* For predictions: one sample for every window of which the past is there, as long as in `like` (the data trained on,
 * or their rows), the field future zero. options: a run's, of which the rows of the set "motion" count. Fields past,
 * future, agents, scene and start (and type of molecules). WEYL_SHAPE where agents or dimension are others than those
 * of `like`; of tracks at most so many rows are filled. */
WEYL_MUST_CHECK weyl_status weyl_motion_inputs(weyl_context *ctx, const weyl_options *options, const char *path,
                                               const weyl_dataset *like, weyl_dataset **out);

/* ---- sets (datasets.def): what `weyl data` knows
 * ------------------------------------------------------------------------------------- */

typedef struct weyl_set_def {
  const char *name;    /* "nbody", "dynamics" */
  const char *summary; /* one line */
  const char *source;  /* paper or project, licence */
  const weyl_option *options;
  /* Makes (generator) or loads (from `path`, may be NULL) the three splits. NULL options mean the defaults. `seed` is
   * the run's; what generates data draws from its own option data_seed, so that runs with several seeds see one set. */
  weyl_status (*load)(weyl_context *ctx, const weyl_options *options, const char *path, uint64_t seed,
                      weyl_splits *out);
  /* Writes the set as `weyl data make` does; NULL: the splits' fields as <split>_<field> in an npz, their notes as
   * <split>_notes (the bytes of a JSON object of strings). Here `seed` is the
   * seed of the data, unless the option data_seed was set; WEYL_SEED_NOT_GIVEN: the option's default. result (may be
   * NULL) gets keys of the object that is open. */
  weyl_status (*write)(weyl_context *ctx, const weyl_options *options, uint64_t seed, const char *file,
                       weyl_json *result);
} weyl_set_def;
#define WEYL_SEED_NOT_GIVEN UINT64_MAX
const weyl_set_def *weyl_set_find(const char *name); /* NULL when unknown */
const weyl_set_def *const *weyl_sets(void);          /* NULL ends */
/* def->write, or where that is NULL the general form: load, then <split>_<field> and <split>_nodes, <split>_edges
 * (offsets) in an npz. */
WEYL_MUST_CHECK weyl_status weyl_set_write(weyl_context *ctx, const weyl_set_def *def, const weyl_options *options,
                                           const char *path, uint64_t seed, const char *file, weyl_json *result);

/* ---- charged n-body (src/data/sim/nbody.c)
 * ----------------------------------------------------------------------------------------------- */

/* The generator of the EGNN and Frame Averaging papers, draw for draw (spec sheet 5.1). Trajectories of `simulations`
 * runs from one stream: frames 49 of steps 100, 200 ... 4900. */
typedef struct weyl_nbody_opts {
  uint64_t seed;          /* 43: the published set */
  int64_t simulations[3]; /* train, valid, test: 10000, 2000, 2000 */
  int particles;          /* 5 */
  int64_t steps;          /* 5000 */
  int64_t sample_every;   /* 100 */
  /* What is wanted of it. The draws of the rest are made all the same, because one stream feeds the three splits. */
  int64_t keep[3]; /* integrate only the first so many of each split; -1: all */
  const int64_t
      *frames; /* [frame_count] ascending frame numbers to record; NULL: all steps / sample_every - 1 of them */
  int64_t frame_count;
} weyl_nbody_opts;
weyl_nbody_opts weyl_nbody_defaults(void);
typedef struct weyl_nbody {
  int64_t simulations, frames, particles;
  double *position, *velocity;             /* [simulations][frames][particles][3] */
  double *charge;                          /* [simulations][particles] */
  double *stiffness;                       /* [simulations][particles][particles], symmetric; NULL without springs */
  double *start_position, *start_velocity; /* [simulations][particles][3] */
} weyl_nbody;
/* One of each split, in arenas of the caller. Runs simulations on all threads; same bytes on any number. `simulations`
 * and `frames` of the result are those kept. WEYL_BAD_ARG: seed above 2^32 - 1, particles not 1..64, steps no multiple
 * of sample_every, counts out of range. */
WEYL_MUST_CHECK weyl_status weyl_nbody_simulate(weyl_context *ctx, weyl_arena *arena, const weyl_nbody_opts *opts,
                                                weyl_nbody out[3]);

/* ---- particles of the motion papers (src/data/sim/particles.c) ---- */

/* The simulators of NRI and EqMotion (spec sheet 3.3): n particles in space, 49 frames 0.2 time units apart, no noise,
 * no walls. springs: each pair tied with probability 1/2, stiffness 0.1. charged: charges -1 or 1; charged3: -1, 0
 * or 1. The draws of a simulation follow from seed, kind, split and its number alone: asking for more changes none. */
typedef enum weyl_particles_kind {
  WEYL_PARTICLES_SPRINGS,
  WEYL_PARTICLES_CHARGED,
  WEYL_PARTICLES_CHARGED3
} weyl_particles_kind;
typedef struct weyl_particles_opts {
  weyl_particles_kind kind;
  uint64_t seed;          /* 42 */
  int64_t simulations[3]; /* train, valid, test: 5000, 2000, 2000 */
  int particles;          /* 5; 1 to 64 */
  int64_t steps;          /* 10000 of 0.001 time units */
  int64_t sample_every;   /* 200: frames are steps / sample_every - 1 */
} weyl_particles_opts;
weyl_particles_opts weyl_particles_defaults(weyl_particles_kind kind);
/* As weyl_nbody_simulate: on all threads, same bytes on any number, WEYL_BAD_ARG for counts out of range. */
WEYL_MUST_CHECK weyl_status weyl_particles_simulate(weyl_context *ctx, weyl_arena *arena,
                                                    const weyl_particles_opts *opts, weyl_nbody out[3]);

/* ---- trajectories in files (formats.def)
 * ---------------------------------------------------------------------------------------------------- */

/* Any number of trajectories of point systems; systems may differ in size. */
typedef struct weyl_trajectory {
  int64_t frames, points, d;
  double *position; /* [frames][points][d] */
  double *velocity; /* same, or NULL */
  double *force;    /* same, or NULL */
  double *energy;   /* [frames], or NULL */
  double *charge;   /* [points], or NULL */
  int32_t *type;    /* [points] atomic number or class, or NULL */
  double *cell;     /* [3][3] rows are lattice vectors, or NULL */
  bool periodic[3];
  double time_step;   /* time between frames; 0: unknown */
  const char **label; /* [points] names of joints, or NULL */
  int32_t *parent;    /* [points] the joint above each, -1 for roots; or NULL */
} weyl_trajectory;
typedef struct weyl_trajectories {
  weyl_arena *arena;
  int64_t count;
  weyl_trajectory *item;
  const char *format; /* "npz", "extxyz", "hdf5", "bvh", "amc", "h36m" */
  const char *length_unit, *time_unit;
} weyl_trajectories;

typedef struct weyl_format_def {
  const char *name, *extensions, *summary; /* "extxyz", ".xyz|.extxyz" */
  bool (*recognise)(const char *path, const unsigned char *head, size_t n);
  weyl_status (*read)(weyl_context *ctx, const char *path, weyl_trajectories *out);
  weyl_status (*write)(weyl_context *ctx, const char *path, const weyl_trajectories *in);
} weyl_format_def;
const weyl_format_def *const *weyl_formats(void); /* NULL ends */
/* Recognised by content, then by extension. xz and gz compressed files are read too. WEYL_FORMAT names file, line or
 * array. */
WEYL_MUST_CHECK weyl_status weyl_trajectories_read(weyl_context *ctx, const char *path, weyl_trajectories *out);
WEYL_MUST_CHECK weyl_status weyl_trajectories_write(weyl_context *ctx, const char *path,
                                                    const weyl_trajectories *in); /* by extension */
void weyl_trajectories_free(weyl_trajectories *in);

/* One sample for every frame that a model can start from, trajectory after trajectory: all frames, or all but the first
 * where a file has no velocities (they are then differences to the frame before). Fields as in the set "dynamics", with
 * its options centre, cutoff and dim where `options` has them; target = x. `like` (may be NULL): data of the training,
 * whose types and charges these must have (WEYL_FORMAT). `place` names the file. */
WEYL_MUST_CHECK weyl_status weyl_dynamics_inputs(weyl_context *ctx, const weyl_options *options,
                                                 const weyl_trajectories *in, const char *place,
                                                 const weyl_dataset *like, weyl_dataset **out);

/* ---- tracks: agents that come and go ---- */

/* Rows (frame, agent, position) of a recording, ascending by frame and within a frame in the order of the file. */
typedef struct weyl_tracks {
  weyl_arena *arena;
  int64_t rows, agents, frames, d; /* frames: from the first to the last, empty ones too; d is 2 or 3 */
  int64_t *frame;                  /* [rows] steps from the first frame of the file */
  int32_t *agent;                  /* [rows] number of the agent, by first appearance */
  double *position;                /* [rows][d] */
  int64_t *line;                   /* [rows] of the file */
  const char **name;               /* [agents] the id in the file */
  double first, step;              /* what the file calls frame k: first + k step */
  int64_t gaps;                    /* places where an agent is missing for one step or more */
  double time_step;                /* seconds between steps where the file says so, else 0 */
  const char *format;              /* "eth-ucy" or "csv" */
} weyl_tracks;

/* Reads, plain or packed (xz, gz):
 *   eth-ucy  columns between blanks: frame, agent, x, y (and z); or the 17 columns of the EqMotion and AgentFormer
 *            files, x and y in columns 13 and 15. A step is 0.4 s.
 *   csv      frame, agent, x, y (and z); or any columns named by a header line: frame, frame_id, timestep or (seconds)
 *            t, t_s, time; id, agent, agent_id, track, track_id, ped_id; x, x_m, x_est, pos_x, position_x; the same for
 *            y and z.
 * Frames may be any numbers a constant step apart: the step is the median distance of neighbours. An agent that is
 * missing for some steps has a gap; agents come and go. WEYL_FORMAT, with line and value: not a number, a row twice, a
 * frame between two steps, an agent with rows at every second step or less (another frame rate). */
WEYL_MUST_CHECK weyl_status weyl_tracks_read(weyl_context *ctx, const char *path, weyl_tracks *out);
WEYL_MUST_CHECK weyl_status weyl_tracks_parse(weyl_context *ctx, const char *bytes, size_t n, const char *place,
                                              weyl_tracks *out);
bool weyl_tracks_seems(const char *head, size_t n); /* by the first lines */
void weyl_tracks_free(weyl_tracks *tracks);

/* ---- images
 * ---------------------------------------------------------------------------------------------------- */

/* The binary form of CIFAR-10 (A. Krizhevsky, 2009), packed or not: 3073 bytes an image, its label and the red, green
 * and blue planes of 32 x 32. Fields of each sample: image f32 [32, 32, 3] from -1 to 1, label i32. At most `most`
 * images; 0: all. WEYL_FORMAT for another length or a label above 9. */
WEYL_MUST_CHECK weyl_status weyl_cifar10_read(weyl_context *ctx, const char *path, int64_t most, weyl_dataset **out);

/* Values from 0 to 255; NaN where an image is transparent. */
typedef struct weyl_image {
  size_t rows, columns, channels; /* channels: 1 grey, 3 red, green, blue */
  double *value;                  /* [rows][columns][channels] */
} weyl_image;
/* PNG (WEYL_UNSUPPORTED in a build without libpng), PGM and PPM, by content; at most 2^26 pixels. */
WEYL_MUST_CHECK weyl_status weyl_image_parse(weyl_context *ctx, const void *bytes, size_t n, const char *place,
                                             weyl_image *out);
WEYL_MUST_CHECK weyl_status weyl_image_read(weyl_context *ctx, const char *path, weyl_image *out);
bool weyl_image_seems(const void *bytes, size_t n); /* by its first bytes */
/* By the ending: .png, .pgm (grey), .ppm (colours). Rounded to 0 ... 255; NaN is 0. */
WEYL_MUST_CHECK weyl_status weyl_image_write(weyl_context *ctx, const char *path, const weyl_image *image);
void weyl_image_free(weyl_context *ctx, weyl_image *image);

/* ---- downloads (fetch.c)
 * --------------------------------------------------------------------------------------------------------------------
 */

/* Public files at the places their authors name. */
typedef struct weyl_download {
  const char *name; /* "md17-ethanol"; NULL ends the table */
  const char *file; /* its name on disk */
  const char *url;
  int64_t bytes;      /* 0: not stated, then not checked */
  const char *sha256; /* NULL: not known, then not checked */
  const char *licence;
  const char *summary;
} weyl_download;
const weyl_download *weyl_downloads(void);
const weyl_download *weyl_download_find(const char *name); /* NULL when unknown */
/* Fetches folder/file through libcurl, which is opened on first use: WEYL_UNSUPPORTED where it is not installed. What
 * was received of an earlier attempt (file.part) is taken up again; the size and SHA-256 are checked where known
 * (WEYL_FORMAT, and nothing is left), then the file gets its name. A file that is there and sound is not fetched again.
 * hex (may be NULL): the SHA-256 of what is there. WEYL_UNKNOWN with the nearest name. */
WEYL_MUST_CHECK weyl_status weyl_data_fetch(weyl_context *ctx, const char *name, const char *folder, char hex[65]);

WEYL_END_API
#endif
