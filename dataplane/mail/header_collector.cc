#include "dataplane/mail/header_collector.h"

#include <algorithm>
#include <iterator>

#include "dataplane/mail/header_scanner.h"
#include "dataplane/mail/mail_limits.h"

namespace gatepost::dataplane {
namespace {

enum Known : uint8_t {
    content_type,
    content_transfer_encoding,
    content_id,
    content_description,
    content_disposition,
    content_language,
    content_location,
    content_md5,
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
};

constexpr std::string_view kKnownNames[] = {
    "content-type",
    "content-transfer-encoding",
    "content-id",
    "content-description",
    "content-disposition",
    "content-language",
    "content-location",
    "content-md5",
    "date",
    "subject",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "in-reply-to",
    "message-id",
};
static_assert(std::size(kKnownNames) == message_id + 1);

// The first word of a value, in lower case: what stands before parameters and comments.
std::string first_token(std::string_view value) {
    HeaderScanner scanner(value);
    scanner.skip_cfws();
    return to_lower(scanner.token());
}

}  // namespace

void HeaderCollector::begin(uint32_t part_index, bool is_message, bool default_is_message) {
    part_ = part_index;
    default_is_message_ = default_is_message;
    seen_ = 0;
    if (!is_message) return;
    part().envelope = static_cast<uint32_t>(summary_.envelopes.size());
    summary_.envelopes.emplace_back();
}

void HeaderCollector::add(const HeaderField& field) {
    const auto* found = std::ranges::find_if(
        kKnownNames, [&](std::string_view name) { return equal_ignoring_case(name, field.name); });
    const auto known = static_cast<size_t>(found - std::begin(kKnownNames));
    if (known == std::size(kKnownNames) || (seen_ & 1U << known) != 0) return;
    seen_ |= 1U << known;
    if (!add_to_part(known, field) && part().envelope != kNone) add_to_envelope(known, field);
}

bool HeaderCollector::add_to_part(size_t known, const HeaderField& field) {
    switch (known) {
        case content_type:
            set_type(field.value);
            return true;
        case content_transfer_encoding:
            part().encoding = first_token(field.value);
            return true;
        case content_id:
            part().id = unfold(field.value);
            return true;
        case content_description:
            part().description = unfold(field.value);
            return true;
        case content_disposition:
            set_disposition(field.value);
            return true;
        case content_language:
            set_languages(field.value);
            return true;
        case content_location:
            part().location = unfold(field.value);
            return true;
        case content_md5:
            part().md5 = unfold(field.value);
            return true;
        default:
            return false;
    }
}

void HeaderCollector::add_to_envelope(size_t known, const HeaderField& field) {
    Envelope& envelope = summary_.envelopes[part().envelope];
    switch (known) {
        case date:
            envelope.date = unfold(field.value);
            if (part_ == 0) summary_.date = parse_message_date(field.value);
            return;
        case subject:
            envelope.subject = unfold(field.value);
            return;
        case from:
            return set_addresses(field.value, envelope.from);
        case sender:
            return set_addresses(field.value, envelope.sender);
        case reply_to:
            return set_addresses(field.value, envelope.reply_to);
        case to:
            return set_addresses(field.value, envelope.to);
        case cc:
            return set_addresses(field.value, envelope.cc);
        case bcc:
            return set_addresses(field.value, envelope.bcc);
        case in_reply_to:
            envelope.in_reply_to = unfold(field.value);
            return;
        case message_id:
            envelope.message_id = unfold(field.value);
            return;
        default:
            return;
    }
}

void HeaderCollector::set_addresses(std::string_view value,
                                    std::vector<EnvelopeAddress>& addresses) {
    const size_t left = kMessageAddressesMax - address_count_;
    if (!parse_address_list(value, std::min(kFieldAddressesMax, left), addresses))
        summary_.truncated_header = true;
    address_count_ += addresses.size();
}

void HeaderCollector::set_type(std::string_view value) {
    HeaderScanner scanner(value);
    scanner.skip_cfws();
    std::string type = to_lower(scanner.token());
    scanner.skip_cfws();
    if (type.empty() || !scanner.take('/')) return;
    scanner.skip_cfws();
    std::string subtype = to_lower(scanner.token());
    if (subtype.empty()) return;
    part().type = std::move(type);
    part().subtype = std::move(subtype);
    if (!parse_parameters(value.substr(scanner.position()), kParametersMax, part().parameters))
        summary_.truncated_header = true;
}

void HeaderCollector::set_disposition(std::string_view value) {
    part().disposition = first_token(value);
    if (!parse_parameters(value, kParametersMax, part().disposition_parameters))
        summary_.truncated_header = true;
}

void HeaderCollector::set_languages(std::string_view value) {
    HeaderScanner scanner(value);
    for (;;) {
        scanner.skip_cfws();
        const std::string_view language = scanner.token();
        if (language.empty() && !scanner.take(',')) return;
        if (language.empty()) continue;
        if (part().languages.size() == kLanguagesMax) {
            summary_.truncated_header = true;
            return;
        }
        part().languages.emplace_back(language);
    }
}

void HeaderCollector::note_attachment() {
    std::string name = parameter_text(part().disposition_parameters, "filename", charsets_);
    if (name.empty()) name = parameter_text(part().parameters, "name", charsets_);
    // RFC 2183 §2.8: a disposition that is not known is an attachment.
    const bool is_inline = part().disposition.empty() || part().disposition == "inline";
    if (!is_inline || (!name.empty() && part().disposition.empty() && part().type != "multipart"))
        summary_.has_attachments = true;
    if (name.empty()) return;
    if (attachment_octets_ + name.size() > kAttachmentNamesOctetsMax) {
        summary_.truncated_header = true;
        return;
    }
    attachment_octets_ += name.size();
    summary_.attachment_names.push_back(std::move(name));
}

void HeaderCollector::end() {
    if (part().type.empty()) {
        part().type = default_is_message_ ? "message" : "text";
        part().subtype = default_is_message_ ? "rfc822" : "plain";
        if (!default_is_message_) part().parameters = {{"charset", "us-ascii"}};
    }
    if (part().encoding.empty()) part().encoding = "7bit";
    note_attachment();
}

}  // namespace gatepost::dataplane
