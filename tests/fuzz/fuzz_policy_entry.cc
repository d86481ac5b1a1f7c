// The policy in the directory: whatever is taken is written the same again.
#include <algorithm>

#include "storage/base/check.h"
#include "storage/policy/policy_entry.h"

using namespace gatepost;
using namespace gatepost::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Bytes value(data, size);
    if (const auto entry = decode_policy_entry(value)) {
        const auto again = encode(*entry);
        GATEPOST_CHECK(std::equal(again.begin(), again.end(), value.begin(), value.end()));
    }
    return 0;
}
