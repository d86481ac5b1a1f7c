#include "storage/delivery/delivery_frames.h"

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

constexpr size_t kStoredRecipientOctets = 8 + 8 + 4 + 8;

Bytes octets_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void put_octets(ByteWriter& writer, Bytes octets) {
    writer.u32(static_cast<uint32_t>(octets.size()));
    writer.bytes(octets);
}

void put_text(ByteWriter& writer, std::string_view text, size_t octets_max) {
    const std::string_view cut = cut_text(text, octets_max);
    writer.u16(static_cast<uint16_t>(cut.size()));
    writer.bytes(octets_of(cut));
}

std::vector<uint8_t> take_octets(ByteReader& reader, size_t octets_max) {
    const size_t size = reader.u32();
    if (size > octets_max) reader.fail();
    const Bytes octets = reader.ok() ? reader.bytes(size) : Bytes();
    return {octets.begin(), octets.end()};
}

std::string take_text(ByteReader& reader, size_t octets_max) {
    const size_t size = reader.u16();
    if (size > octets_max) reader.fail();
    const Bytes octets = reader.ok() ? reader.bytes(size) : Bytes();
    return {octets.begin(), octets.end()};
}

Status check_end(const ByteReader& reader, std::string_view what) {
    if (reader.ok() && reader.at_end()) return {};
    return fail(ErrorCode::invalid, "a {} of the commit connection is malformed", what);
}

}  // namespace

std::string_view cut_text(std::string_view text, size_t octets_max) {
    if (text.size() <= octets_max) return text;
    size_t size = octets_max;
    // RFC 3629 §3: the octets behind a character's first begin with the bits 10.
    while (size > 0 && (static_cast<uint8_t>(text[size]) & 0xc0) == 0x80) --size;
    return text.substr(0, size);
}

Status append_frame(std::vector<uint8_t>& out, const DeliveryRequest& request) {
    const size_t begin = begin_frame(out, FrameVerb::deliver);
    ByteWriter writer(out);
    writer.u64(request.sequence);
    writer.u32(request.body.segment);
    writer.u64(request.body.offset);
    writer.u64(request.body.size);
    put_octets(writer, request.envelope);
    put_octets(writer, request.summary.size() > kSummaryMax ? Bytes() : Bytes(request.summary));
    put_text(writer, request.message_id, kHeaderTextMax);
    put_text(writer, request.subject, kHeaderTextMax);
    put_text(writer, request.from, kHeaderTextMax);
    return end_frame(out, begin);
}

Status append_frame(std::vector<uint8_t>& out, const DeliveryReply& reply) {
    const size_t begin = begin_frame(out, FrameVerb::delivered);
    ByteWriter writer(out);
    writer.u64(reply.sequence);
    writer.u8(static_cast<uint8_t>(reply.outcome));
    put_text(writer, reply.reason, kReasonMax);
    writer.u32(static_cast<uint32_t>(reply.recipients.size()));
    for (const StoredRecipient& recipient : reply.recipients) {
        writer.u64(recipient.account_id);
        writer.u64(recipient.mailbox_id);
        writer.u32(recipient.uid);
        writer.u64(recipient.modseq);
    }
    return end_frame(out, begin);
}

Status append_frame(std::vector<uint8_t>& out, const LoginNote& note) {
    const size_t begin = begin_frame(out, FrameVerb::login);
    // A hash that is cut is none.
    const bool replaces = note.new_hash.size() <= kHashMax && note.old_hash.size() <= kHashMax;
    ByteWriter writer(out);
    writer.u64(note.account_id);
    writer.u64(note.credential_id);
    put_text(writer, replaces ? note.old_hash : "", kHashMax);
    put_text(writer, replaces ? note.new_hash : "", kHashMax);
    return end_frame(out, begin);
}

Status append_frame(std::vector<uint8_t>& out, const AuthFailure& failure) {
    const size_t begin = begin_frame(out, FrameVerb::auth_failed);
    ByteWriter writer(out);
    put_text(writer, failure.service, kReasonMax);
    put_text(writer, failure.name, kReasonMax);
    put_text(writer, failure.client, kReasonMax);
    put_text(writer, failure.reason, kReasonMax);
    return end_frame(out, begin);
}

void set_sequence(std::vector<uint8_t>& request_frame, uint64_t sequence) {
    GATEPOST_CHECK(request_frame.size() >= kFrameHead + sizeof sequence);
    store_be64(request_frame.data() + kFrameHead, sequence);
}

uint64_t sequence_of(Bytes request_payload) {
    return request_payload.size() < sizeof(uint64_t) ? 0 : load_be64(request_payload.data());
}

Result<DeliveryRequest> decode_delivery_request(Bytes payload) {
    ByteReader reader(payload);
    DeliveryRequest request;
    request.sequence = reader.u64();
    request.body.segment = reader.u32();
    request.body.offset = reader.u64();
    request.body.size = reader.u64();
    request.envelope = take_octets(reader, kFramePayloadMax);
    request.summary = take_octets(reader, kSummaryMax);
    request.message_id = take_text(reader, kHeaderTextMax);
    request.subject = take_text(reader, kHeaderTextMax);
    request.from = take_text(reader, kHeaderTextMax);
    if (Status whole = check_end(reader, "delivery request"); !whole)
        return tl::unexpected(whole.error());
    return request;
}

Result<DeliveryReply> decode_delivery_reply(Bytes payload) {
    ByteReader reader(payload);
    DeliveryReply reply;
    reply.sequence = reader.u64();
    const uint8_t outcome = reader.u8();
    if (outcome < 1 || outcome > static_cast<uint8_t>(DeliveryOutcome::retry_later)) reader.fail();
    reply.outcome = static_cast<DeliveryOutcome>(outcome);
    reply.reason = take_text(reader, kReasonMax);
    const size_t recipients = reader.u32();
    // Against a count that would take memory before its octets were seen to be missing.
    if (recipients > reader.left() / kStoredRecipientOctets) reader.fail();
    for (size_t i = 0; i < recipients && reader.ok(); ++i) {
        StoredRecipient recipient;
        recipient.account_id = reader.u64();
        recipient.mailbox_id = reader.u64();
        recipient.uid = reader.u32();
        recipient.modseq = reader.u64();
        reply.recipients.push_back(recipient);
    }
    if (Status whole = check_end(reader, "delivery reply"); !whole)
        return tl::unexpected(whole.error());
    return reply;
}

Result<LoginNote> decode_login_note(Bytes payload) {
    ByteReader reader(payload);
    LoginNote note;
    note.account_id = reader.u64();
    note.credential_id = reader.u64();
    note.old_hash = take_text(reader, kHashMax);
    note.new_hash = take_text(reader, kHashMax);
    if (Status whole = check_end(reader, "login note"); !whole)
        return tl::unexpected(whole.error());
    return note;
}

Result<AuthFailure> decode_auth_failure(Bytes payload) {
    ByteReader reader(payload);
    AuthFailure failure;
    failure.service = take_text(reader, kReasonMax);
    failure.name = take_text(reader, kReasonMax);
    failure.client = take_text(reader, kReasonMax);
    failure.reason = take_text(reader, kReasonMax);
    if (Status whole = check_end(reader, "note of a failed login"); !whole)
        return tl::unexpected(whole.error());
    return failure;
}

}  // namespace gatepost::storage
