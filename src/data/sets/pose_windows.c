#include "sets/pose_windows.h"

#include <string.h>

static int64_t windows_in(const pose_settings *o, const pose_part *p) {
  const int64_t last = p->until - 1 - (o->past + o->future - 1) * p->spacing - p->from;
  return last < 0 ? 0 : last / p->stride + 1;
}

static void fill_window(const pose_settings *o, const pose_part *p, const motion_shape *shape, int64_t start, int64_t s,
                        motion_fields *f) {
  const weyl_trajectory *t = p->of;
  const int64_t d = t->d;
  double *past = f->past + s * shape->agents * o->past * d, *future = f->future + s * shape->agents * shape->future * d;
  for (int64_t i = 0; i < p->points; i++) {
    for (int64_t k = 0; k < o->past + o->future; k++) {
      const double *x = t->position + ((start + k * p->spacing) * t->points + p->point[i]) * d;
      double *into = k < o->past ? past + (i * o->past + k) * d : future + (i * shape->future + k - o->past) * d;
      for (int64_t c = 0; c < d; c++) into[c] = x[c] / o->scale;
    }
    if (f->type) f->type[s * shape->agents + i] = t->type[p->point[i]];
  }
  f->agents[s] = (int32_t)p->points;
  f->start[s] = (int32_t)start;
}

weyl_status pose_windows(weyl_context *ctx, const char *name, const char *place, const pose_settings *o, int also,
                         const pose_part *part, size_t parts, motion_fields *fields, weyl_dataset **out) {
  int64_t total = 0, longest = 0, points = 0, spacing = 1;
  for (size_t p = 0; p < parts; p++) {
    if (part[p].of->d != part[0].of->d)
      return weyl_fail(ctx, WEYL_SHAPE, "%s: trajectory %zu has %lld coordinates a point, trajectory 0 has %lld", place,
                       p, (long long)part[p].of->d, (long long)part[0].of->d);
    if (part[p].of->frames > INT32_MAX)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: trajectory %zu has %lld frames, at most %d are possible", place, p,
                       (long long)part[p].of->frames, INT32_MAX);
    total += windows_in(o, &part[p]);
    if (part[p].until - part[p].from > longest) longest = part[p].until - part[p].from;
    points = part[p].points > points ? part[p].points : points;
    spacing = part[p].spacing;
  }
  if (total == 0)
    return weyl_fail(ctx, WEYL_FORMAT,
                     "%s: no %s sample: windows of %lld frames, %lld apart, span %lld, and the longest stretch for it "
                     "has %lld (try a smaller spacing, past or future)",
                     place, name, (long long)(o->past + o->future), (long long)spacing,
                     (long long)((o->past + o->future - 1) * spacing + 1), (long long)longest);
  weyl_dataset *set = NULL;
  weyl_status status;
  motion_fields f;
  const motion_shape shape = {points, o->past, o->future + o->blank, part[0].of->d};
  WEYL_GOTO(weyl_dataset_new(ctx, name, total, &set));
  WEYL_GOTO(motion_fields_add(set, &shape, also | MOTION_SCENE | (o->types ? MOTION_TYPE : 0), o->unit, &f));
  int64_t s = 0;
  for (size_t p = 0; p < parts; p++) {
    const int64_t n = windows_in(o, &part[p]);
    for (int64_t w = 0; w < n; w++, s++) {
      f.scene[s] = (int32_t)p;
      fill_window(o, &part[p], &shape, part[p].from + w * part[p].stride, s, &f);
    }
  }
  WEYL_GOTO(motion_note_number(set, "scale", o->scale));
  WEYL_GOTO(weyl_dataset_check_finite(ctx, set));
  *fields = f;
  *out = set;
  return WEYL_OK;
done:
  weyl_dataset_free(set);
  return status;
}
