#include "dataplane/mail/summary_codec.h"

#include <concepts>
#include <type_traits>

#include "dataplane/mail/mail_limits.h"

namespace gatepost::dataplane {
namespace {

class Encoder {
  public:
    explicit Encoder(std::vector<uint8_t>& out) : out_(out) {}

    void value(uint64_t number) {
        for (; number >= 0x80; number >>= 7) out_.push_back(static_cast<uint8_t>(number | 0x80));
        out_.push_back(static_cast<uint8_t>(number));
    }
    // Signed numbers with the sign in the lowest bit.
    void value(int64_t number) {
        value(static_cast<uint64_t>(number) << 1 ^ static_cast<uint64_t>(number >> 63));
    }
    void value(uint32_t number) { value(uint64_t{number}); }
    void value(int16_t number) { value(int64_t{number}); }
    void value(bool flag) { out_.push_back(flag ? 1 : 0); }
    void value(AddressKind kind) { out_.push_back(static_cast<uint8_t>(kind)); }
    void value(const std::string& text) {
        value(uint64_t{text.size()});
        out_.insert(out_.end(), text.begin(), text.end());
    }
    template <typename T>
    void value(const std::optional<T>& optional) {
        value(optional.has_value());
        if (optional) value(*optional);
    }
    template <typename T>
    void value(const std::vector<T>& list, size_t) {
        value(uint64_t{list.size()});
        for (const T& element : list) value(element);
    }
    template <typename T>
    void value(const T& structure) {
        members(*this, structure);
    }

  private:
    std::vector<uint8_t>& out_;
};

class Decoder {
  public:
    explicit Decoder(Bytes bytes) : reader_(bytes) {}

    bool is_done() const { return reader_.ok() && reader_.at_end(); }
    void fail() { reader_.fail(); }

    void value(uint64_t& number) {
        number = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const uint8_t octet = reader_.u8();
            number |= uint64_t{octet & 0x7fU} << shift;
            if (octet < 0x80) return;
        }
        reader_.fail();
    }
    void value(int64_t& number) {
        uint64_t folded = 0;
        value(folded);
        number = static_cast<int64_t>(folded >> 1 ^ (~(folded & 1) + 1));
    }
    void value(uint32_t& number) { number = narrow<uint32_t, uint64_t>(); }
    void value(int16_t& number) { number = narrow<int16_t, int64_t>(); }
    void value(bool& flag) { flag = one_of(1) != 0; }
    void value(AddressKind& kind) { kind = static_cast<AddressKind>(one_of(2)); }
    void value(std::string& text) {
        uint64_t size = 0;
        value(size);
        const Bytes octets = reader_.bytes(size);
        text.assign(reinterpret_cast<const char*>(octets.data()), octets.size());
    }
    template <typename T>
    void value(std::optional<T>& optional) {
        bool has_value = false;
        value(has_value);
        if (has_value) value(optional.emplace());
    }
    // Grows with what is there: each element takes one octet at least.
    template <typename T>
    void value(std::vector<T>& list, size_t count_max) {
        uint64_t count = 0;
        value(count);
        if (count > count_max || count > reader_.left()) return reader_.fail();
        for (; count > 0 && reader_.ok(); --count) value(list.emplace_back());
    }
    template <typename T>
    void value(T& structure) {
        members(*this, structure);
    }

  private:
    uint8_t one_of(uint8_t last) {
        const uint8_t octet = reader_.u8();
        if (octet > last) reader_.fail();
        return octet;
    }
    template <typename Narrow, typename Wide>
    Narrow narrow() {
        Wide wide = 0;
        value(wide);
        const auto number = static_cast<Narrow>(wide);
        if (number != wide) reader_.fail();
        return number;
    }

    ByteReader reader_;
};

// The members of each structure, once for both directions: written from a constant one, read into
// another.
template <typename T, typename Structure>
concept Either = std::same_as<std::remove_const_t<T>, Structure>;

template <typename Codec>
void members(Codec& codec, Either<EnvelopeAddress> auto& address) {
    codec.value(address.kind);
    codec.value(address.name);
    codec.value(address.adl);
    codec.value(address.mailbox);
    codec.value(address.host);
}

template <typename Codec>
void members(Codec& codec, Either<Parameter> auto& parameter) {
    codec.value(parameter.name);
    codec.value(parameter.value);
}

template <typename Codec>
void members(Codec& codec, Either<FieldPlace> auto& place) {
    codec.value(place.name_hash);
    codec.value(place.offset);
    codec.value(place.size);
}

template <typename Codec>
void members(Codec& codec, Either<MessageDate> auto& date) {
    codec.value(date.utc_s);
    codec.value(date.zone_minutes);
    codec.value(date.has_zone);
}

template <typename Codec>
void members(Codec& codec, Either<Envelope> auto& envelope) {
    codec.value(envelope.date);
    codec.value(envelope.subject);
    for (auto* list : {&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to,
                       &envelope.cc, &envelope.bcc})
        codec.value(*list, kFieldAddressesMax);
    codec.value(envelope.in_reply_to);
    codec.value(envelope.message_id);
}

template <typename Codec>
void members(Codec& codec, Either<MessagePart> auto& part) {
    codec.value(part.parent);
    codec.value(part.envelope);
    codec.value(part.type);
    codec.value(part.subtype);
    codec.value(part.parameters, kParametersMax);
    codec.value(part.encoding);
    codec.value(part.id);
    codec.value(part.description);
    codec.value(part.md5);
    codec.value(part.disposition);
    codec.value(part.disposition_parameters, kParametersMax);
    codec.value(part.languages, kLanguagesMax);
    codec.value(part.location);
    codec.value(part.header_offset);
    codec.value(part.header_size);
    codec.value(part.body_size);
    codec.value(part.header_lines);
    codec.value(part.body_lines);
}

template <typename Codec>
void members(Codec& codec, Either<MessageSummary> auto& summary) {
    codec.value(summary.parts, kPartsMax);
    codec.value(summary.envelopes, kPartsMax);
    codec.value(summary.fields, kHeaderFieldsMax);
    codec.value(summary.date);
    codec.value(summary.preview);
    codec.value(summary.attachment_names, kPartsMax);
    codec.value(summary.has_attachments);
    codec.value(summary.truncated_structure);
    codec.value(summary.truncated_header);
}

// Whoever walks the tree relies on it.
bool is_tree(const MessageSummary& summary) {
    if (summary.parts.empty() || summary.envelopes.empty()) return false;
    if (summary.parts.front().parent != kNone || summary.parts.front().envelope != 0) return false;
    for (uint32_t i = 0; i < summary.parts.size(); ++i) {
        const MessagePart& part = summary.parts[i];
        if (i > 0 && part.parent >= i) return false;
        if (part.envelope != kNone && part.envelope >= summary.envelopes.size()) return false;
    }
    return true;
}

}  // namespace

void encode_summary(const MessageSummary& summary, std::vector<uint8_t>& out) {
    out.push_back(kSummaryVersion);
    Encoder encoder(out);
    members(encoder, summary);
}

Result<MessageSummary> decode_summary(Bytes encoded) {
    if (encoded.empty() || encoded.front() != kSummaryVersion)
        return fail(ErrorCode::invalid,
                    "message summary: not of version {}; it is made anew of the "
                    "message",
                    kSummaryVersion);
    Decoder decoder(encoded.subspan(1));
    MessageSummary summary;
    members(decoder, summary);
    if (!decoder.is_done() || !is_tree(summary))
        return fail(ErrorCode::invalid,
                    "message summary of {} octets: damaged; it is made anew of the message",
                    encoded.size());
    return summary;
}

}  // namespace gatepost::dataplane
