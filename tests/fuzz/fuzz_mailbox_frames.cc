// A frame of the mailbox connection: its first octet chooses what kind. What is understood comes
// out the same when it is written again.
#include "storage/base/check.h"
#include "storage/mailbox_frames/mailbox_frames.h"

using namespace gatepost;
using namespace gatepost::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const Bytes payload(data + 1, size - 1);
    std::vector<uint8_t> out;
    const auto write_again = [&](const auto& read) {
        if (read) GATEPOST_CHECK(append_frame(out, *read).has_value());
    };
    if (data[0] % 4 == 1) write_again(decode_mailbox_reply(payload));
    if (data[0] % 4 == 2) write_again(decode_mailbox_event(payload));
    if (data[0] % 4 == 3) write_again(decode_mailbox_note(payload));
    if (data[0] % 4 == 0)
        if (const auto read = decode_mailbox_request(payload))
            GATEPOST_CHECK(append_frame(out, read->sequence, read->request).has_value());
    if (!out.empty())
        GATEPOST_CHECK(
            std::equal(payload.begin(), payload.end(), out.begin() + kFrameHead, out.end()));
    return 0;
}
