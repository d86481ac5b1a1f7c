// A request: its number, its place in the list of MailboxRequest, and its fields.
#include "storage/mailbox_frames/mailbox_frames.h"

#include <utility>

#include "storage/mailbox_frames/frame_codec.h"

namespace gatepost::storage {

namespace {

constexpr size_t kRequestKinds = std::variant_size_v<MailboxRequest>;

Status close_frame(std::vector<uint8_t>& out, size_t begin, const FrameEncoder& encoder,
                   std::string_view what) {
    if (encoder.ok()) return end_frame(out, begin);
    out.resize(begin);
    return fail(ErrorCode::invalid, "a {} of the mailbox connection has a value out of range",
                what);
}

template <typename Record>
Status append_record(std::vector<uint8_t>& out, FrameVerb verb, const Record& record,
                     std::string_view what) {
    const size_t begin = begin_frame(out, verb);
    FrameEncoder encoder(out);
    encoder.put(record);
    return close_frame(out, begin, encoder, what);
}

tl::unexpected<Error> malformed(std::string_view what) {
    return fail(ErrorCode::invalid, "a {} of the mailbox connection is malformed", what);
}

template <typename Record>
Result<Record> decode_record(Bytes payload, std::string_view what) {
    FrameDecoder decoder(payload);
    Record record;
    decoder.take(record);
    if (!decoder.is_whole()) return malformed(what);
    return record;
}

template <size_t... kKinds>
void take_request(FrameDecoder& decoder, MailboxRequest& request, size_t kind,
                  std::index_sequence<kKinds...>) {
    ((kind == kKinds ? decoder.take(request.emplace<kKinds>()) : void()), ...);
}

}  // namespace

Status append_frame(std::vector<uint8_t>& out, uint64_t sequence, const MailboxRequest& request) {
    const size_t begin = begin_frame(out, FrameVerb::mailbox_request);
    FrameEncoder encoder(out);
    encoder.put(sequence);
    encoder.put(static_cast<uint8_t>(request.index()));
    std::visit([&](const auto& record) { encoder.put(record); }, request);
    return close_frame(out, begin, encoder, "request");
}

Status append_frame(std::vector<uint8_t>& out, const MailboxReply& reply) {
    return append_record(out, FrameVerb::mailbox_reply, reply, "reply");
}

Status append_frame(std::vector<uint8_t>& out, const MailboxEvent& event) {
    return append_record(out, FrameVerb::mailbox_event, event, "event");
}

Status append_frame(std::vector<uint8_t>& out, const MailboxNote& note) {
    return append_record(out, FrameVerb::mailbox_note, note, "note");
}

Result<NumberedMailboxRequest> decode_mailbox_request(Bytes payload) {
    FrameDecoder decoder(payload);
    NumberedMailboxRequest numbered;
    decoder.take(numbered.sequence);
    uint8_t kind = 0;
    decoder.take(kind);
    if (kind >= kRequestKinds) decoder.fail();
    take_request(decoder, numbered.request, kind, std::make_index_sequence<kRequestKinds>());
    if (!decoder.is_whole()) return malformed("request");
    return numbered;
}

Result<MailboxReply> decode_mailbox_reply(Bytes payload) {
    return decode_record<MailboxReply>(payload, "reply");
}

Result<MailboxEvent> decode_mailbox_event(Bytes payload) {
    return decode_record<MailboxEvent>(payload, "event");
}

Result<MailboxNote> decode_mailbox_note(Bytes payload) {
    return decode_record<MailboxNote>(payload, "note");
}

}  // namespace gatepost::storage
