/* Ranks for tests: threads of one process that hand each other bytes, so that no MPI is needed. */
#ifndef WEYL_TRAIN_RANKS_FIXTURE_H
#define WEYL_TRAIN_RANKS_FIXTURE_H

#include <pthread.h>

#include <weyl/train.h>

#include "property.h"

#define RANKS_MOST 8

typedef struct ranks_team ranks_team;
typedef struct ranks_member {
  ranks_team *team;
  int rank;
  weyl_context *ctx;
  weyl_comm *comm;
  void (*job)(struct ranks_member *m);
  void *arg;
  weyl_status status; /* of the job, for the test to look at */
} ranks_member;

struct ranks_team {
  int size;
  pthread_mutex_t lock;
  pthread_cond_t moved;
  struct {
    const void *data; /* NULL: nothing is under way */
    size_t bytes;
  } box[RANKS_MOST][RANKS_MOST]; /* [to][from] */
  ranks_member member[RANKS_MOST];
};

static weyl_status ranks_exchange(void *self, int to, const void *send, size_t send_bytes, int from, void *receive,
                                  size_t receive_bytes) {
  const ranks_member *m = self;
  ranks_team *t = m->team;
  pthread_mutex_lock(&t->lock);
  if (to >= 0) {
    t->box[to][m->rank].bytes = send_bytes;
    t->box[to][m->rank].data = send != NULL ? send : "";
    pthread_cond_broadcast(&t->moved);
  }
  weyl_status status = WEYL_OK;
  if (from >= 0) {
    while (t->box[m->rank][from].data == NULL) pthread_cond_wait(&t->moved, &t->lock);
    if (t->box[m->rank][from].bytes != receive_bytes) status = WEYL_BUG;
    if (status == WEYL_OK && receive_bytes > 0) memcpy(receive, t->box[m->rank][from].data, receive_bytes);
    t->box[m->rank][from].data = NULL;
    pthread_cond_broadcast(&t->moved);
  }
  while (to >= 0 && t->box[to][m->rank].data != NULL) pthread_cond_wait(&t->moved, &t->lock);
  pthread_mutex_unlock(&t->lock);
  return status;
}

static void *ranks_main(void *arg) {
  ranks_member *m = arg;
  m->job(m);
  return NULL;
}

/* Runs the job on so many ranks, each in a thread and a context of its own, which stay until ranks_end: for their
 * messages. Ranks that wait for each other for ever end the test program. */
static inline void ranks_run(ranks_team *t, int size, void (*job)(ranks_member *m), void *arg) {
  pthread_t thread[RANKS_MOST];
  alarm(120);
  memset(t, 0, sizeof *t);
  t->size = size;
  pthread_mutex_init(&t->lock, NULL);
  pthread_cond_init(&t->moved, NULL);
  for (int r = 0; r < size; r++) {
    ranks_member *m = &t->member[r];
    *m = (ranks_member){.team = t, .rank = r, .job = job, .arg = arg};
    m->ctx = test_context(1);
    const weyl_transport link = {.self = m, .rank = r, .size = size, .exchange = ranks_exchange};
    assert_int_equal(weyl_comm_new(m->ctx, &link, &m->comm), WEYL_OK);
  }
  for (int r = 0; r < size; r++) assert_int_equal(pthread_create(&thread[r], NULL, ranks_main, &t->member[r]), 0);
  for (int r = 0; r < size; r++) pthread_join(thread[r], NULL);
  alarm(0);
}

static inline void ranks_end(ranks_team *t) {
  for (int r = 0; r < t->size; r++) {
    weyl_comm_free(t->member[r].comm);
    weyl_context_free(t->member[r].ctx);
  }
  pthread_mutex_destroy(&t->lock);
  pthread_cond_destroy(&t->moved);
}

#endif
