/* Sums, gathers and agreement over ranks, from nothing but an exchange of bytes between two of them. */
#include <weyl/train.h>

#include <string.h>

/* Longer vectors go in pieces of this many bytes. */
#define PIECE (1 << 20)
/* From here on ranks share the work of adding: each sums a part of the vector, and the parts are gathered. */
#define SPLIT (1 << 14)

#define RANKS_MAX 64  /* as many as there can be lanes */
#define MESSAGE   512 /* bytes of a failure's message that travel */

typedef struct links {
  weyl_comm comm; /* first: what the caller holds */
  weyl_transport transport;
  weyl_context *ctx;
  bool power_of_two, failed;
  char *received; /* PIECE bytes */
} links;

typedef struct operation {
  weyl_dtype dtype;
  bool maximum;
} operation;

/* into = lower op upper, with one of the two standing in `into` already. */
static void combine(const operation *op, size_t bytes, const char *lower, const char *upper, char *into) {
  const size_t n = bytes / weyl_dtype_size(op->dtype);
  if (op->dtype == WEYL_I32) {
    const int32_t *a = (const int32_t *)(const void *)lower, *b = (const int32_t *)(const void *)upper;
    int32_t *c = (int32_t *)(void *)into;
    for (size_t i = 0; i < n; i++) c[i] = op->maximum ? (a[i] > b[i] ? a[i] : b[i]) : a[i] + b[i];
  } else {
    weyl_kernels_active()->binary[op->dtype][op->maximum ? WEYL_BINARY_MAX : WEYL_BINARY_ADD](n, lower, 1, upper, 1,
                                                                                              into);
  }
}

static weyl_status swap(const links *l, int peer, const char *send, size_t n_send, char *receive, size_t n_receive) {
  return l->transport.exchange(l->transport.self, peer, send, n_send, peer, receive, n_receive);
}

/* Every pair at distance 1, then 2, 4 ... adds the whole vector: a + b has the same bytes on both sides. */
static weyl_status reduce_doubling(const links *l, const operation *op, char *data, size_t bytes) {
  const int rank = l->comm.rank;
  for (int step = 1; step < l->comm.size; step *= 2) {
    const int peer = rank ^ step;
    WEYL_TRY(swap(l, peer, data, bytes, l->received, bytes));
    if (peer < rank)
      combine(op, bytes, l->received, data, data);
    else
      combine(op, bytes, data, l->received, data);
  }
  return WEYL_OK;
}

/* The same sums with half the vector at each distance, then the way back. */
static weyl_status reduce_halving(const links *l, const operation *op, char *data, size_t bytes) {
  const int rank = l->comm.rank;
  const size_t size = weyl_dtype_size(op->dtype);
  size_t from[32], to[32]; /* this rank's part before each step */
  int k = 0;
  from[0] = 0;
  to[0] = bytes / size;
  for (int step = 1; step < l->comm.size; step *= 2, k++) {
    const int peer = rank ^ step;
    const size_t middle = from[k] + (to[k] - from[k]) / 2;
    from[k + 1] = peer < rank ? middle : from[k];
    to[k + 1] = peer < rank ? to[k] : middle;
    const size_t away_from = peer < rank ? from[k] : middle, away_to = peer < rank ? middle : to[k];
    char *mine = data + from[k + 1] * size;
    const size_t n = (to[k + 1] - from[k + 1]) * size;
    WEYL_TRY(swap(l, peer, data + away_from * size, (away_to - away_from) * size, l->received, n));
    if (peer < rank)
      combine(op, n, l->received, mine, mine);
    else
      combine(op, n, mine, l->received, mine);
  }
  for (int step = l->comm.size / 2; step >= 1; step /= 2, k--) {
    const int peer = rank ^ step;
    const size_t other = from[k] == from[k - 1] ? to[k] : from[k - 1],
                 other_end = from[k] == from[k - 1] ? to[k - 1] : from[k];
    WEYL_TRY(swap(l, peer, data + from[k] * size, (to[k] - from[k]) * size, data + other * size,
                  (other_end - other) * size));
  }
  return WEYL_OK;
}

/* Any number of ranks: up the tree to rank 0, and down again. */
static weyl_status reduce_tree(const links *l, const operation *op, char *data, size_t bytes) {
  const weyl_transport *t = &l->transport;
  const int rank = l->comm.rank, size = l->comm.size;
  int top = 1;
  while (top < size) top *= 2;
  for (int step = 1; step < size; step *= 2) {
    if (rank % (2 * step) == step) {
      WEYL_TRY(t->exchange(t->self, rank - step, data, bytes, -1, NULL, 0));
    } else if (rank % (2 * step) == 0 && rank + step < size) {
      WEYL_TRY(t->exchange(t->self, -1, NULL, 0, rank + step, l->received, bytes));
      combine(op, bytes, data, l->received, data);
    }
  }
  for (int step = top / 2; step >= 1; step /= 2) {
    if (rank % (2 * step) == step)
      WEYL_TRY(t->exchange(t->self, -1, NULL, 0, rank - step, data, bytes));
    else if (rank % (2 * step) == 0 && rank + step < size)
      WEYL_TRY(t->exchange(t->self, rank + step, data, bytes, -1, NULL, 0));
  }
  return WEYL_OK;
}

static weyl_status reduce(const links *l, const operation *op, void *data, int64_t n) {
  size_t left = (size_t)n * weyl_dtype_size(op->dtype);
  for (char *at = data; left > 0;) {
    const size_t bytes = left < PIECE ? left : PIECE;
    if (!l->power_of_two)
      WEYL_TRY(reduce_tree(l, op, at, bytes));
    else if (bytes < SPLIT)
      WEYL_TRY(reduce_doubling(l, op, at, bytes));
    else
      WEYL_TRY(reduce_halving(l, op, at, bytes));
    at += bytes;
    left -= bytes;
  }
  return WEYL_OK;
}

static weyl_status sum(void *self, void *data, weyl_dtype dtype, int64_t n) {
  return reduce(self, &(operation){.dtype = dtype}, data, n);
}

static weyl_status maximum(void *self, void *data, weyl_dtype dtype, int64_t n) {
  return reduce(self, &(operation){.dtype = dtype, .maximum = true}, data, n);
}

/* Around the ring: in step k everyone hands on the block of the rank k places before it. */
static weyl_status gather(void *self, void *data, const int64_t *first) {
  const links *l = self;
  const int rank = l->comm.rank, size = l->comm.size, next = (rank + 1) % size, before = (rank + size - 1) % size;
  char *bytes = data;
  for (int k = 0; k < size - 1; k++) {
    const int out = (rank + size - k) % size, in = (before + size - k) % size;
    WEYL_TRY(l->transport.exchange(l->transport.self, next, bytes + first[out], (size_t)(first[out + 1] - first[out]),
                                   before, bytes + first[in], (size_t)(first[in + 1] - first[in])));
  }
  return WEYL_OK;
}

/* The worst status wins, among equals that of the lowest rank: one number that the ranks take the maximum of. */
static int32_t rate(weyl_status status, int rank) {
  const int32_t badness = status == WEYL_OK ? 0 : status == WEYL_INTERRUPTED ? 1 : 2;
  return badness == 0 ? 0 : (badness << 24) + ((0xffff - rank) << 8) + (int32_t)status;
}

static weyl_status agree(void *self, weyl_context *ctx, weyl_status status) {
  links *l = self;
  int32_t worst = rate(status, l->comm.rank);
  WEYL_TRY(maximum(self, &worst, WEYL_I32, 1));
  if (worst == 0) return WEYL_OK;
  const weyl_status agreed = (weyl_status)(worst & 0xff);
  const int from = 0xffff - ((worst >> 8) & 0xffff);
  /* everyone's message goes round; those of the ranks that are well are empty */
  char *all = l->received;
  int64_t first[RANKS_MAX + 1];
  for (int r = 0; r <= l->comm.size; r++) first[r] = (int64_t)r * MESSAGE;
  char *mine = all + first[l->comm.rank];
  memset(mine, 0, MESSAGE);
  if (status != WEYL_OK) snprintf(mine, MESSAGE, "%s", weyl_message(ctx));
  WEYL_TRY(gather(self, all, first));
  l->failed = true;
  if (status == agreed) return agreed; /* with a message of its own */
  weyl_message_clear(ctx);
  const char *text = all + first[from];
  if (*text == '\0') return agreed;
  return weyl_fail(ctx, agreed, "rank %d: %s", from, text);
}

weyl_status weyl_comm_new(weyl_context *ctx, const weyl_transport *transport, weyl_comm **out) {
  if (transport->size < 1 || transport->size > RANKS_MAX || transport->rank < 0 || transport->rank >= transport->size)
    return weyl_fail(ctx, WEYL_BAD_ARG, "rank %d of %d ranks, must be below their number, which is 1 to %d",
                     transport->rank, transport->size, RANKS_MAX);
  links *l = weyl_alloc(ctx, 1, sizeof *l);
  if (l == NULL) return WEYL_MEMORY;
  *l = (links){.comm = {.self = l,
                        .rank = transport->rank,
                        .size = transport->size,
                        .sum = sum,
                        .maximum = maximum,
                        .gather = gather,
                        .agree = agree},
               .transport = *transport,
               .ctx = ctx,
               .power_of_two = (transport->size & (transport->size - 1)) == 0};
  l->received = weyl_alloc(ctx, PIECE, 1);
  if (l->received == NULL) {
    weyl_dealloc(ctx, l);
    return WEYL_MEMORY;
  }
  *out = &l->comm;
  return WEYL_OK;
}

void weyl_comm_free(weyl_comm *comm) {
  if (comm == NULL) return;
  links *l = comm->self;
  weyl_context *ctx = l->ctx;
  weyl_dealloc(ctx, l->received);
  weyl_dealloc(ctx, l);
}

bool weyl_comm_failed(const weyl_comm *comm) { return ((const links *)comm->self)->failed; }
