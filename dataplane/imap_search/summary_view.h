// An encoded summary, read where it lies (mail/summary_codec.h): nothing is copied, and nothing
// decoded but what is asked for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/mail/message_summary.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// Members of an envelope, in the order that they are encoded in.
enum class EnvelopeMember : uint8_t {
    date,
    subject,
    from,
    sender,
    reply_to,
    to,
    cc,
    bcc,
    in_reply_to,
    message_id,
    end,  // of the envelope
};

// Reads numbers and texts, never beyond the end: what is cut off reads as nothing, and ok() is
// false from then on.
class SummaryScanner {
  public:
    SummaryScanner() = default;
    SummaryScanner(const uint8_t* at, const uint8_t* end) : at_(at), end_(end) {}

    bool ok() const { return ok_; }
    const uint8_t* position() const { return at_; }
    size_t left() const { return static_cast<size_t>(end_ - at_); }

    uint64_t number() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (at_ == end_) break;
            const uint8_t octet = *at_++;
            value |= uint64_t{octet & 0x7fU} << shift;
            if (octet < 0x80) return value;
        }
        fail();
        return 0;
    }
    int64_t signed_number() {
        const uint64_t folded = number();
        return static_cast<int64_t>(folded >> 1 ^ (~(folded & 1) + 1));
    }
    bool flag() { return number() != 0; }
    std::string_view text() {
        const uint64_t size = number();
        if (size > left()) {
            fail();
            return {};
        }
        const std::string_view text(reinterpret_cast<const char*>(at_), size);
        at_ += size;
        return text;
    }
    std::optional<std::string_view> optional_text() {
        if (!flag()) return std::nullopt;
        return text();
    }
    // So many texts.
    void skip_texts(uint64_t count) {
        for (; count > 0 && ok_; --count) text();
    }
    void skip_numbers(uint64_t count) {
        for (; count > 0 && ok_; --count) number();
    }
    void skip_addresses();
    void fail() {
        ok_ = false;
        at_ = end_;
    }

  private:
    const uint8_t* at_ = nullptr;
    const uint8_t* end_ = nullptr;
    bool ok_ = true;
};

struct AddressPiece {
    AddressKind kind = AddressKind::mailbox;
    std::string_view name;
    std::string_view mailbox;
    std::string_view host;
};

// A list of addresses, one after the other.
class AddressCursor {
  public:
    explicit AddressCursor(SummaryScanner scanner) : scanner_(scanner), left_(scanner_.number()) {}
    bool next(AddressPiece& address);

  private:
    SummaryScanner scanner_;
    uint64_t left_;
};

struct PartPiece {
    std::string_view type;
    std::string_view subtype;
    std::string_view encoding;
    std::string_view charset;  // as it was given; empty: not given
    uint64_t header_offset = 0;
    uint64_t header_size = 0;
    uint64_t body_size = 0;

    uint64_t body_offset() const { return header_offset + header_size; }
    // Of text, and with no parts in it.
    bool is_text() const {
        return type == "text" || (type == "message" && subtype != "rfc822" && subtype != "global");
    }
};

class PartPieceCursor {
  public:
    explicit PartPieceCursor(SummaryScanner scanner)
        : scanner_(scanner), left_(scanner_.number()) {}
    bool next(PartPiece& part);
    // Behind what next() gave.
    const SummaryScanner& scanner() const { return scanner_; }

  private:
    SummaryScanner scanner_;
    uint64_t left_;
};

class FieldCursor {
  public:
    explicit FieldCursor(SummaryScanner scanner) : scanner_(scanner), left_(scanner_.number()) {}
    bool next(FieldPlace& place);
    const SummaryScanner& scanner() const { return scanner_; }

  private:
    SummaryScanner scanner_;
    uint64_t left_;
};

// Of one summary, whose octets outlive it.
class SummaryView {
  public:
    explicit SummaryView(Bytes encoded);

    // What has been read so far was as it should be. False: the message itself is to be asked.
    bool ok() const { return ok_; }
    // Reads all that a search asks for: whether it can.
    bool is_readable();
    // Takes over what a cursor has found of it.
    void note(const SummaryScanner& scanner) { ok_ = ok_ && scanner.ok(); }

    // date, subject, in_reply_to, message_id; nullopt: there is no such field.
    std::optional<std::string_view> text(EnvelopeMember member);
    // The others. The cursor is good for as long as the octets are.
    AddressCursor addresses(EnvelopeMember member);
    std::optional<MessageDate> date();
    FieldCursor fields();
    PartPieceCursor parts() const { return PartPieceCursor(parts_); }
    // Octets of the message's header.
    uint64_t header_size();
    // Calls `visit` with each attachment's name.
    template <typename Visit>
    void for_each_attachment(Visit visit) {
        SummaryScanner scanner = behind_date();
        scanner.text();  // the preview
        for (uint64_t count = scanner.number(); count > 0 && scanner.ok(); --count)
            visit(scanner.text());
    }
    // The header has more than the summary says of it.
    bool truncated_header() const { return encoded_.back() != 0; }

  private:
    SummaryScanner scanner_from(const uint8_t* at) const {
        return SummaryScanner(at, encoded_.data() + encoded_.size());
    }
    SummaryScanner member(EnvelopeMember member);
    SummaryScanner behind_date();

    Bytes encoded_;
    SummaryScanner parts_;
    bool ok_ = true;
    // Where members of the message's envelope begin, as far as it is known; the date at least.
    std::array<const uint8_t*, static_cast<size_t>(EnvelopeMember::end) + 1> members_{};
    size_t known_ = 0;                 // of members_
    const uint8_t* fields_ = nullptr;  // behind all envelopes
    const uint8_t* behind_fields_ = nullptr;
    uint64_t envelopes_ = 0;
};

}  // namespace gatepost::dataplane
