// The reader of encoded summaries against the summaries themselves.
#include "dataplane/mail/summary_reader.h"

#include <gtest/gtest.h>

#include "dataplane/mail/summary_codec.h"
#include "tests/unit/imap_fetch/fetch_rig.h"
#include "tests/unit/imap_fetch/samples.h"

namespace gatepost::dataplane {
namespace {

std::vector<EnvelopeAddress> read(EncodedAddresses list) {
    std::vector<EnvelopeAddress> out;
    for (uint32_t i = 0; i < list.count; ++i) {
        const EncodedAddress one = list.next();
        out.push_back({one.kind, std::string(one.name), std::string(one.adl),
                       std::string(one.mailbox), std::string(one.host)});
    }
    return out;
}

std::vector<Parameter> read(EncodedParameters list) {
    std::vector<Parameter> out;
    for (uint32_t i = 0; i < list.count; ++i) {
        const EncodedParameter one = list.next();
        out.push_back({std::string(one.name), std::string(one.value)});
    }
    return out;
}

std::vector<std::string> read(EncodedTexts list) {
    std::vector<std::string> out;
    for (uint32_t i = 0; i < list.count; ++i) out.emplace_back(list.next());
    return out;
}

std::optional<std::string> read(const std::optional<std::string_view>& text) {
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

MessagePart read(const EncodedPart& part) {
    return {.parent = part.parent,
            .envelope = part.envelope,
            .type = std::string(part.type),
            .subtype = std::string(part.subtype),
            .parameters = read(part.parameters),
            .encoding = std::string(part.encoding),
            .id = read(part.id),
            .description = read(part.description),
            .md5 = read(part.md5),
            .disposition = std::string(part.disposition),
            .disposition_parameters = read(part.disposition_parameters),
            .languages = read(part.languages),
            .location = read(part.location),
            .header_offset = part.header_offset,
            .header_size = part.header_size,
            .body_size = part.body_size,
            .header_lines = part.header_lines,
            .body_lines = part.body_lines};
}

Envelope read(const EncodedEnvelope& envelope) {
    return {.date = read(envelope.date),
            .subject = read(envelope.subject),
            .from = read(envelope.from),
            .sender = read(envelope.sender),
            .reply_to = read(envelope.reply_to),
            .to = read(envelope.to),
            .cc = read(envelope.cc),
            .bcc = read(envelope.bcc),
            .in_reply_to = read(envelope.in_reply_to),
            .message_id = read(envelope.message_id)};
}

const std::string kRichMessage =
    crlf(
        "Content-Disposition: inline; x=y\nContent-Language: en, de\nContent-Location: here\n"
        "Content-MD5: abc\nTo: G: a@b, c@d;\nCc: <@x:e@f>\nBcc: g\nReferences: <1@x>\n") +
    nested_message().whole();

TEST(SummaryReader, GivesWhatWasWritten) {
    for (const std::string& message : {kPlainMessage, nested_message().whole(), kRichMessage}) {
        const MessageSummary summary = summary_of(message);
        const std::vector<uint8_t> encoded = encoded_summary_of(message);
        SummaryReader reader(encoded);
        ASSERT_TRUE(reader.ok());
        PartCursor at = reader.parts();
        for (const MessagePart& part : summary.parts) {
            ASSERT_FALSE(at.at_end());
            EXPECT_EQ(read(at.next()), part);
        }
        EXPECT_TRUE(at.at_end() && at.ok());
        EXPECT_EQ(reader.preview(), summary.preview);
        for (uint32_t i = 0; i < summary.envelopes.size(); ++i)
            EXPECT_EQ(read(reader.envelope(i)), summary.envelopes[i]);
        for (auto i = static_cast<uint32_t>(summary.envelopes.size()); i-- > 0;)
            EXPECT_EQ(read(reader.envelope(i)), summary.envelopes[i]);
        EXPECT_TRUE(reader.ok());
        reader.envelope(static_cast<uint32_t>(summary.envelopes.size()));
        EXPECT_FALSE(reader.ok());
    }
}

TEST(SummaryReader, FindsTheSameParts) {
    const std::string as_message =
        crlf("Content-Type: message/rfc822\n\n") + nested_message().whole();
    for (const std::string& message : {kPlainMessage, kRichMessage, as_message}) {
        const MessageSummary summary = summary_of(message);
        const std::vector<uint8_t> encoded = encoded_summary_of(message);
        SummaryReader reader(encoded);
        // All paths of up to four numbers from 0 to 4.
        for (uint32_t code = 0; code < 5 * 5 * 5 * 5; ++code) {
            for (size_t length = 0; length <= 4; ++length) {
                const std::vector<uint32_t> path = {code % 5, code / 5 % 5, code / 25 % 5,
                                                    code / 125};
                const std::span<const uint32_t> numbers(path.data(), length);
                const auto wanted = find_part(summary, numbers);
                const auto found = reader.find(numbers);
                ASSERT_EQ(found.has_value(), wanted.has_value());
                if (found) {
                    ASSERT_EQ(read(*found), summary.parts[*wanted]);
                }
                const auto inner = reader.message_in(numbers);
                const bool has_inner = wanted && summary.parts[*wanted].is_message();
                ASSERT_EQ(inner.has_value(), has_inner);
                if (inner) {
                    ASSERT_EQ(inner->parent, *wanted);
                }
            }
        }
        EXPECT_TRUE(reader.ok());
    }
}

TEST(SummaryReader, NoticesThatSomethingIsMissing) {
    const std::vector<uint8_t> encoded = encoded_summary_of(kRichMessage);
    const std::string preview = summary_of(kRichMessage).preview;
    size_t good = 0;
    for (size_t size = 0; size < encoded.size(); ++size) {
        // A copy of exactly its size: a read behind it is seen by AddressSanitizer.
        const std::vector<uint8_t> cut(encoded.begin(),
                                       encoded.begin() + static_cast<ptrdiff_t>(size));
        SummaryReader reader(cut);
        const std::string_view text = reader.preview();
        if (reader.ok()) {
            EXPECT_EQ(text, preview);
        }
        good += reader.ok() ? 1 : 0;
        SummaryReader again(cut);
        for (uint32_t i = 0; i < 2; ++i) (void)again.envelope(i);
        (void)again.find(std::vector<uint32_t>{2, 2});
        if (again.ok()) {
            EXPECT_GT(size, encoded.size() / 2);
        }
    }
    // Behind the preview are the names of attachments and three flags.
    EXPECT_GT(good, 3U);
    EXPECT_LT(good, 20U);
}

TEST(SummaryReader, RefusesWhatIsNoTree) {
    MessageSummary summary = summary_of(nested_message().whole());
    summary.parts[2].parent = 5;
    std::vector<uint8_t> encoded;
    encode_summary(summary, encoded);
    SummaryReader reader(encoded);
    EXPECT_FALSE(reader.find(std::vector<uint32_t>{3}).has_value());
    EXPECT_FALSE(reader.ok());
    EXPECT_FALSE(SummaryReader(Bytes()).ok());
    EXPECT_FALSE(SummaryReader(Bytes(encoded).first(1)).ok());
}

}  // namespace
}  // namespace gatepost::dataplane
