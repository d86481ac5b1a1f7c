#include "dataplane/mail/summary_reader.h"

#include "dataplane/mail/mail_limits.h"
#include "dataplane/mail/summary_codec.h"

namespace gatepost::dataplane {
namespace {

// Of lists the elements are passed over once here, so that what follows can be read.

EncodedAddress read_address(SummaryCursor& at) {
    EncodedAddress address;
    address.kind = static_cast<AddressKind>(at.one_of(2));
    address.name = at.text();
    address.adl = at.text();
    address.mailbox = at.text();
    address.host = at.text();
    return address;
}

EncodedAddresses read_addresses(SummaryCursor& at) {
    EncodedAddresses list;
    list.count = at.count(kFieldAddressesMax);
    list.at = at;
    for (uint32_t i = 0; i < list.count && at.ok(); ++i) (void)read_address(at);
    return list;
}

EncodedParameters read_parameters(SummaryCursor& at) {
    EncodedParameters list;
    list.count = at.count(kParametersMax);
    list.at = at;
    for (uint32_t i = 0; i < list.count && at.ok(); ++i) {
        (void)at.text();
        (void)at.text();
    }
    return list;
}

EncodedTexts read_texts(SummaryCursor& at, size_t count_max) {
    EncodedTexts list;
    list.count = at.count(count_max);
    list.at = at;
    for (uint32_t i = 0; i < list.count && at.ok(); ++i) (void)at.text();
    return list;
}

EncodedPart read_part(SummaryCursor& at) {
    EncodedPart part;
    part.parent = at.number32();
    part.envelope = at.number32();
    part.type = at.text();
    part.subtype = at.text();
    part.parameters = read_parameters(at);
    part.encoding = at.text();
    part.id = at.optional_text();
    part.description = at.optional_text();
    part.md5 = at.optional_text();
    part.disposition = at.text();
    part.disposition_parameters = read_parameters(at);
    part.languages = read_texts(at, kLanguagesMax);
    part.location = at.optional_text();
    part.header_offset = at.number();
    part.header_size = at.number();
    part.body_size = at.number();
    part.header_lines = at.number();
    part.body_lines = at.number();
    return part;
}

// As read_part() does, for those that only stand in front of what is wanted.
void skip_part(SummaryCursor& at) {
    const auto skip_texts = [&at](uint32_t count) {
        for (; count > 0 && at.ok(); --count) (void)at.text();
    };
    const auto skip_optional = [&at] {
        if (at.flag()) (void)at.text();
    };
    (void)at.number();  // parent, envelope
    (void)at.number();
    skip_texts(2);  // type, subtype
    skip_texts(2 * at.count(kParametersMax));
    skip_texts(1);                                // encoding
    for (int i = 0; i < 3; ++i) skip_optional();  // id, description, md5
    skip_texts(1);                                // disposition
    skip_texts(2 * at.count(kParametersMax));
    skip_texts(at.count(kLanguagesMax));
    skip_optional();                                // location
    for (int i = 0; i < 5; ++i) (void)at.number();  // places and sizes
}

EncodedEnvelope read_envelope(SummaryCursor& at) {
    EncodedEnvelope envelope;
    envelope.date = at.optional_text();
    envelope.subject = at.optional_text();
    envelope.from = read_addresses(at);
    envelope.sender = read_addresses(at);
    envelope.reply_to = read_addresses(at);
    envelope.to = read_addresses(at);
    envelope.cc = read_addresses(at);
    envelope.bcc = read_addresses(at);
    envelope.in_reply_to = at.optional_text();
    envelope.message_id = at.optional_text();
    return envelope;
}

// Stands before that child of the part in front of `at`, which is number `parent`. Moves `at`.
std::optional<PartCursor> nth_child(PartCursor& at, uint32_t parent, uint32_t number) {
    while (!at.at_end()) {
        const PartCursor before = at;
        if (at.next().parent == parent && --number == 0) return before;
    }
    return std::nullopt;
}

}  // namespace

EncodedAddress EncodedAddresses::next() {
    return read_address(at);
}

EncodedParameter EncodedParameters::next() {
    EncodedParameter parameter;
    parameter.name = at.text();
    parameter.value = at.text();
    return parameter;
}

EncodedPart PartCursor::next() {
    const EncodedPart part = read_part(at_);
    // Whoever walks the tree relies on it: children come behind their parent.
    const bool is_placed = index_ == 0 ? part.parent == kNone : part.parent < index_;
    if (!is_placed) at_.fail();
    ++index_;
    return part;
}

SummaryReader::SummaryReader(Bytes encoded) {
    if (encoded.empty() || encoded.front() != kSummaryVersion) return;
    SummaryCursor at(encoded.subspan(1));
    const uint32_t count = at.count(kPartsMax);
    ok_ = at.ok() && count > 0;
    parts_ = PartCursor(at, count);
}

bool SummaryReader::start_envelopes() {
    if (envelope_count_ > 0) return true;
    SummaryCursor at = parts_.position();
    for (uint32_t i = 0; i < parts_.count() && at.ok(); ++i) skip_part(at);
    envelope_count_ = at.count(kPartsMax);
    if (!at.ok() || envelope_count_ == 0) return false;
    envelopes_ = next_envelope_ = at;
    return true;
}

EncodedEnvelope SummaryReader::envelope(uint32_t index) {
    if (!ok_ || !start_envelopes() || index >= envelope_count_) {
        fail();
        return {};
    }
    if (index < next_envelope_index_) {
        next_envelope_ = envelopes_;
        next_envelope_index_ = 0;
    }
    for (; next_envelope_index_ < index && next_envelope_.ok(); ++next_envelope_index_)
        (void)read_envelope(next_envelope_);
    const EncodedEnvelope found = read_envelope(next_envelope_);
    ++next_envelope_index_;
    if (!next_envelope_.ok()) fail();
    return found;
}

// The same steps as find_part() takes, with a cursor that only goes forward.
std::optional<PartCursor> SummaryReader::locate(std::span<const uint32_t> numbers) {
    PartCursor before = parts_;
    bool is_root = true;  // of the message, or of a message in it
    for (const uint32_t number : numbers) {
        if (number == 0) return std::nullopt;
        PartCursor behind = before;
        EncodedPart part = behind.next();
        // RFC 9051 §6.4.5: what is in a message part is numbered as in a message of its own.
        if (!is_root && part.is_message()) {
            const auto nested = nth_child(behind, before.index(), 1);
            if (!behind.ok()) fail();
            if (!nested) return std::nullopt;
            before = behind = *nested;
            part = behind.next();
            is_root = true;
        }
        if (part.is_multipart()) {
            const auto child = nth_child(behind, before.index(), number);
            if (!behind.ok()) fail();
            if (!child) return std::nullopt;
            before = *child;
        } else if (!is_root || number != 1) {
            return std::nullopt;
        }
        is_root = false;
    }
    return before;
}

std::optional<EncodedPart> SummaryReader::find(std::span<const uint32_t> numbers) {
    if (!ok_) return std::nullopt;
    auto at = locate(numbers);
    if (!at) return std::nullopt;
    const EncodedPart part = at->next();
    if (!at->ok()) fail();
    return ok_ ? std::optional(part) : std::nullopt;
}

std::optional<EncodedPart> SummaryReader::message_in(std::span<const uint32_t> numbers) {
    if (!ok_) return std::nullopt;
    const auto at = locate(numbers);
    if (!at) return std::nullopt;
    PartCursor behind = *at;
    if (!behind.next().is_message()) return std::nullopt;
    auto child = nth_child(behind, at->index(), 1);
    if (!behind.ok()) fail();
    if (!child || !ok_) return std::nullopt;
    return child->next();
}

std::string_view SummaryReader::preview() {
    if (!ok_ || !start_envelopes()) {
        fail();
        return {};
    }
    SummaryCursor at = envelopes_;
    for (uint32_t i = 0; i < envelope_count_ && at.ok(); ++i) (void)read_envelope(at);
    const uint32_t fields = at.count(kHeaderFieldsMax);
    for (uint32_t i = 0; i < fields && at.ok(); ++i) {  // FieldPlace
        (void)at.number32();
        (void)at.number32();
        (void)at.number32();
    }
    if (at.flag()) {  // MessageDate
        (void)at.signed_number();
        (void)at.signed_number();
        (void)at.flag();
    }
    const std::string_view text = at.text();
    if (!at.ok()) fail();
    return text;
}

}  // namespace gatepost::dataplane
