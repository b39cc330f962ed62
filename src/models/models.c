/* models.c: the list of models. */
#include <weyl/models.h>

#include <string.h>

#define WEYL_MODEL(name) extern const weyl_model_def weyl_model_##name;
#include "models.def"
#undef WEYL_MODEL

static const weyl_model_def *const all[] = {
#define WEYL_MODEL(name) &weyl_model_##name,
#include "models.def"
#undef WEYL_MODEL
    NULL};

const weyl_model_def *const *weyl_models(void) { return all; }

const weyl_model_def *weyl_model_find(const char *name) {
  for (size_t i = 0; name && all[i]; i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}
