#include <weyl/data.h>

void weyl_splits_free(weyl_splits *splits) {
  if (!splits) return;
  weyl_dataset_free(splits->train);
  weyl_dataset_free(splits->valid);
  weyl_dataset_free(splits->test);
  *splits = (weyl_splits){0};
}
