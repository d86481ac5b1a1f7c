// FETCH of any message, with its summary, a damaged one, or octets that are none: the response is
// whole, and without damage it is the same as without a summary. The first octet chooses options
// and items, the second says how many pairs of octets follow: places in the summary and what is
// written there.
#include "storage/base/check.h"
#include "tests/unit/imap_fetch/fetch_rig.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

constexpr std::string_view kItems[] = {
    "UID FLAGS ENVELOPE BODYSTRUCTURE PREVIEW BODY",
    "BODY[HEADER] BODY[1] BODY[1.MIME] BODY[TEXT]<3.70> ENVELOPE",
    "BODY[HEADER.FIELDS (From Subject)] BODY[1.HEADER.FIELDS.NOT (To)]<2.9> BODY[2.1] BODY[]",
    "BINARY[1] BINARY.SIZE[2] BINARY[2.1]<1.5> BODYSTRUCTURE",
};

std::string response(std::string_view items, std::string_view message, const Fetching& how) {
    const Fetched fetched = fetch(items, message, how);
    GATEPOST_CHECK(is_well_formed(fetched.text));
    const bool is_refused = fetched.result.status == FetchStatus::unknown_encoding;
    GATEPOST_CHECK(fetched.result.status == FetchStatus::ok || is_refused);
    GATEPOST_CHECK(fetched.text.empty() == is_refused);
    return fetched.text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2 || size - 2 < size_t{data[1]} * 2) return 0;
    const std::string_view message(reinterpret_cast<const char*>(data + 2) + data[1] * 2,
                                   size - 2 - data[1] * 2);
    const std::string_view items = kItems[data[0] & 3];
    Fetching how{.utf8 = (data[0] & 4) != 0, .pool_octets = size_t{1} << 20};
    std::vector<uint8_t> summary = encoded_summary_of(message);
    const std::string whole = response(items, message, how);
    how.with_summary = false;
    GATEPOST_CHECK(response(items, message, how) == whole);
    for (size_t i = 0; i < data[1]; ++i)
        summary[data[2 + 2 * i] % summary.size()] = data[3 + 2 * i];
    how.summary = summary;
    (void)response(items, message, how);
    how.summary.assign(data + 2, data + size);
    how.summary.insert(how.summary.begin(), summary.front());
    (void)response(items, message, how);
    return 0;
}
