#include "storage/spool/envelope.h"

#include <string_view>

namespace gatepost::storage {

namespace {

// The form: big-endian numbers; a text is its length in 32 bits and its octets.
//   version 8, id 128, received 64, body 8, smtputf8 8, dsn_return 8, sender account 64, score 32,
//   reverse_path, envid, client, helo, session, rules: count 32 and so many texts,
//   recipients: count 32 and so many of
//     kind 8, notify 8, account 64, address, original, target, folder
constexpr uint8_t kVersion = 1;
constexpr uint8_t kNotifyAll = kNotifyNever | kNotifySuccess | kNotifyFailure | kNotifyDelay;

void write_text(ByteWriter& out, std::string_view text) {
    out.u32(static_cast<uint32_t>(text.size()));
    out.bytes(Bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

std::string read_text(ByteReader& in) {
    const Bytes octets = in.bytes(in.u32());
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

void write_recipient(ByteWriter& out, const EnvelopeRecipient& recipient) {
    out.u8(static_cast<uint8_t>(recipient.kind));
    out.u8(recipient.notify);
    out.u64(recipient.account_id);
    write_text(out, recipient.address);
    write_text(out, recipient.original);
    write_text(out, recipient.target);
    write_text(out, recipient.folder);
}

EnvelopeRecipient read_recipient(ByteReader& in) {
    EnvelopeRecipient recipient;
    const uint8_t kind = in.u8();
    if (kind != static_cast<uint8_t>(RecipientKind::account) &&
        kind != static_cast<uint8_t>(RecipientKind::external))
        in.fail();
    recipient.kind = static_cast<RecipientKind>(kind);
    recipient.notify = in.u8();
    if ((recipient.notify & ~kNotifyAll) != 0) in.fail();
    recipient.account_id = in.u64();
    recipient.address = read_text(in);
    recipient.original = read_text(in);
    recipient.target = read_text(in);
    recipient.folder = read_text(in);
    return recipient;
}

// A value of an enumeration that begins at 0.
template <typename Enum>
Enum read_enum(ByteReader& in, Enum last) {
    const uint8_t value = in.u8();
    if (value > static_cast<uint8_t>(last)) in.fail();
    return static_cast<Enum>(value);
}

void read_fields(ByteReader& in, Envelope& envelope) {
    envelope.id.high = in.u64();
    envelope.id.low = in.u64();
    envelope.received_us = static_cast<int64_t>(in.u64());
    envelope.body = read_enum(in, BodyKind::binary_mime);
    envelope.smtputf8 = read_enum(in, uint8_t{1}) != 0;
    envelope.dsn_return = read_enum(in, DsnReturn::headers);
    envelope.sender_account_id = in.u64();
    envelope.score = static_cast<int32_t>(in.u32());
    envelope.reverse_path = read_text(in);
    envelope.envid = read_text(in);
    envelope.client = read_text(in);
    envelope.helo = read_text(in);
    envelope.session = read_text(in);
    // A count that is too high ends with the octets: nothing is reserved on its word.
    for (uint32_t left = in.u32(); left > 0 && in.ok(); --left)
        envelope.rules.push_back(read_text(in));
    for (uint32_t left = in.u32(); left > 0 && in.ok(); --left)
        envelope.recipients.push_back(read_recipient(in));
}

}  // namespace

std::vector<uint8_t> encode_envelope(const Envelope& envelope) {
    std::vector<uint8_t> octets;
    ByteWriter out(octets);
    out.u8(kVersion);
    out.u64(envelope.id.high);
    out.u64(envelope.id.low);
    out.u64(static_cast<uint64_t>(envelope.received_us));
    out.u8(static_cast<uint8_t>(envelope.body));
    out.u8(envelope.smtputf8 ? 1 : 0);
    out.u8(static_cast<uint8_t>(envelope.dsn_return));
    out.u64(envelope.sender_account_id);
    out.u32(static_cast<uint32_t>(envelope.score));
    write_text(out, envelope.reverse_path);
    write_text(out, envelope.envid);
    write_text(out, envelope.client);
    write_text(out, envelope.helo);
    write_text(out, envelope.session);
    out.u32(static_cast<uint32_t>(envelope.rules.size()));
    for (const std::string& rule : envelope.rules) write_text(out, rule);
    out.u32(static_cast<uint32_t>(envelope.recipients.size()));
    for (const EnvelopeRecipient& recipient : envelope.recipients) write_recipient(out, recipient);
    return octets;
}

Result<Envelope> decode_envelope(Bytes octets) {
    if (octets.size() > kEnvelopeMax)
        return fail(ErrorCode::invalid, "an envelope of {} octets: more than {} are not kept",
                    octets.size(), kEnvelopeMax);
    ByteReader in(octets);
    const uint8_t version = in.u8();
    if (in.ok() && version != kVersion)
        return fail(ErrorCode::invalid, "an envelope of version {}; this program reads version {}",
                    version, kVersion);
    Envelope envelope;
    read_fields(in, envelope);
    if (!in.ok())
        return fail(ErrorCode::invalid,
                    "an envelope of {} octets is cut off, or has a value that there is not",
                    octets.size());
    if (!in.at_end())
        return fail(ErrorCode::invalid, "an envelope has {} octets behind its end", in.left());
    return envelope;
}

}  // namespace gatepost::storage
