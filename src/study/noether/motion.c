#include "noether/problem.h"
