// The values of mail's entries in the directory: whatever is taken is written the same again.
#include <algorithm>

#include "storage/base/check.h"
#include "storage/directory/mail_entries.h"

using namespace gatepost;
using namespace gatepost::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Bytes value(data, size);
    const auto is_same = [&](const std::vector<uint8_t>& again) {
        return std::equal(again.begin(), again.end(), value.begin(), value.end());
    };
    if (const auto domain = decode_mail_domain(value)) GATEPOST_CHECK(is_same(encode(*domain)));
    if (const auto alias = decode_mail_alias(value)) GATEPOST_CHECK(is_same(encode(*alias)));
    if (const auto account = decode_mail_account(value)) {
        GATEPOST_CHECK(is_same(encode(*account)));
        const auto head = decode_mail_account_head(value);
        GATEPOST_CHECK(head && head->id == account->id && head->flags == account->flags);
    }
    return 0;
}
