// A stream of frames of the commit connection: what is understood comes out the same when it is
// written again.
#include "storage/base/check.h"
#include "storage/delivery/compaction_frames.h"
#include "storage/delivery/delivery_frames.h"

using namespace gatepost;
using namespace gatepost::storage;

template <typename T>
void write_again(const Result<T>& read, Bytes payload) {
    if (!read) return;
    std::vector<uint8_t> out;
    GATEPOST_CHECK(append_frame(out, *read).has_value());
    GATEPOST_CHECK(std::equal(payload.begin(), payload.end(), out.begin() + kFrameHead, out.end()));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    FrameReader reader;
    for (size_t at = 0; at < size;) {
        const std::span<uint8_t> room = reader.room();
        const size_t count = std::min({room.size(), size - at, size_t{data[at]} + 1});
        std::copy_n(data + at, count, room.begin());
        reader.filled(count);
        at += count;
        for (;;) {
            const auto frame = reader.next();
            if (!frame) return 0;
            if (!*frame) break;
            const Bytes payload = (**frame).payload;
            GATEPOST_CHECK(payload.size() <= kFramePayloadMax);
            switch ((**frame).verb) {
                case FrameVerb::deliver:
                    write_again(decode_delivery_request(payload), payload);
                    break;
                case FrameVerb::delivered:
                    write_again(decode_delivery_reply(payload), payload);
                    break;
                case FrameVerb::login:
                    write_again(decode_login_note(payload), payload);
                    break;
                case FrameVerb::auth_failed:
                    write_again(decode_auth_failure(payload), payload);
                    break;
                case FrameVerb::copy_bodies:
                    write_again(decode_copy_bodies(payload), payload);
                    break;
                case FrameVerb::bodies_copied:
                    write_again(decode_bodies_copied(payload), payload);
                    break;
                case FrameVerb::drop_segments:
                    write_again(decode_drop_segments(payload), payload);
                    break;
                default:  // of the mailboxes: fuzz_mailbox_frames
                    break;
            }
        }
    }
    return 0;
}
