// The streaming gzip decompressor of ISA-L, whose state is too large for Swift to import.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct cinflate;

enum cinflate_result {
  /// More input or more room is needed.
  CINFLATE_GOES_ON,
  /// The member ended, and its checksum is right.
  CINFLATE_MEMBER_ENDED,
  CINFLATE_WRONG_HEADER,
  CINFLATE_WRONG_DATA,
  CINFLATE_WRONG_CHECKSUM,
};

/// Ready for a member; null when there is no memory.
struct cinflate *cinflate_create(void);
void cinflate_destroy(struct cinflate *state);
/// Makes it ready for the next member.
void cinflate_reset(struct cinflate *state);
/// Decompresses (RFC 1952) as far as input and room go, and tells how much of each was used.
enum cinflate_result cinflate_run(
    struct cinflate *state, const uint8_t *input, size_t input_size, uint8_t *output, size_t output_size,
    size_t *consumed, size_t *produced);
