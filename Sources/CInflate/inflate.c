#include "CInflate.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

struct cinflate {
  struct inflate_state state;
};

struct cinflate *cinflate_create(void) {
  struct cinflate *result = malloc(sizeof *result);
  if (result) cinflate_reset(result);
  return result;
}

void cinflate_destroy(struct cinflate *state) { free(state); }

void cinflate_reset(struct cinflate *state) {
  isal_inflate_init(&state->state);
  state->state.crc_flag = ISAL_GZIP;
}

enum cinflate_result cinflate_run(
    struct cinflate *self, const uint8_t *input, size_t input_size, uint8_t *output, size_t output_size,
    size_t *consumed, size_t *produced) {
  struct inflate_state *state = &self->state;
  uint32_t available = input_size > UINT32_MAX ? UINT32_MAX : (uint32_t)input_size;
  uint32_t room = output_size > UINT32_MAX ? UINT32_MAX : (uint32_t)output_size;
  state->next_in = (uint8_t *)(uintptr_t)input;
  state->avail_in = available;
  state->next_out = output;
  state->avail_out = room;
  int result = isal_inflate(state);
  *consumed = available - state->avail_in;
  *produced = room - state->avail_out;
  switch (result) {
  case ISAL_DECOMP_OK:
  case ISAL_END_INPUT:
  case ISAL_OUT_OVERFLOW: return state->block_state == ISAL_BLOCK_FINISH ? CINFLATE_MEMBER_ENDED : CINFLATE_GOES_ON;
  case ISAL_INVALID_WRAPPER:
  case ISAL_UNSUPPORTED_METHOD: return CINFLATE_WRONG_HEADER;
  case ISAL_INCORRECT_CHECKSUM: return CINFLATE_WRONG_CHECKSUM;
  default: return CINFLATE_WRONG_DATA;
  }
}
