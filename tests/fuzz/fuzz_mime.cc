// Messages: the same summary in pieces of any size, parts that lie within one another, and a
// summary that comes back from its encoded form. The first octet is the size of the pieces.
#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"
#include "storage/base/check.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

const Charsets kCharsets = Charsets::open_all();

struct BodyOctets : MimeListener {
    std::vector<uint64_t> sizes;
    void on_header_field(uint32_t, const HeaderField&) override {}
    void on_part(uint32_t part, const MessagePart&) override { sizes.resize(part + 1); }
    void on_body(uint32_t part, Bytes raw) override { sizes[part] += raw.size(); }
};

void check_places(const MessageSummary& summary, const BodyOctets& bodies, size_t size) {
    GATEPOST_CHECK(summary.size() == size && bodies.sizes.size() == summary.parts.size());
    for (size_t i = 0; i < summary.parts.size(); ++i) {
        const MessagePart& part = summary.parts[i];
        GATEPOST_CHECK(bodies.sizes[i] == 0 || bodies.sizes[i] == part.body_size);
        if (part.parent == kNone) continue;
        const MessagePart& parent = summary.parts[part.parent];
        // The header of a part without a body may end with the line end that belongs to a boundary.
        GATEPOST_CHECK(part.header_offset >= parent.body_offset());
        GATEPOST_CHECK(part.body_size == 0 || part.body_offset() + part.body_size <=
                                                  parent.body_offset() + parent.body_size);
        GATEPOST_CHECK(part.body_lines <= part.body_size);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    (void)decode_summary(Bytes(data, size));
    if (size == 0) return 0;
    const size_t piece = 1U + data[0];
    const Bytes message(data + 1, size - 1);
    BodyOctets bodies;
    MimeParser whole(kCharsets, &bodies);
    whole.feed(message);
    const MessageSummary summary = whole.finish();
    check_places(summary, bodies, message.size());
    MimeParser pieces(kCharsets);
    for (size_t at = 0; at < message.size(); at += piece)
        pieces.feed(message.subspan(at, std::min(piece, message.size() - at)));
    GATEPOST_CHECK(pieces.finish() == summary);
    std::vector<uint8_t> encoded;
    encode_summary(summary, encoded);
    const auto decoded = decode_summary(encoded);
    GATEPOST_CHECK(decoded.has_value() && *decoded == summary);
    return 0;
}
