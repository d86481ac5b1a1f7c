// Envelopes: what is read is written again as the same octets.
#include <algorithm>

#include "storage/base/check.h"
#include "storage/spool/envelope.h"

using namespace gatepost;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Bytes input(data, size);
    const auto envelope = storage::decode_envelope(input);
    if (envelope) GATEPOST_CHECK(std::ranges::equal(storage::encode_envelope(*envelope), input));
    return 0;
}
