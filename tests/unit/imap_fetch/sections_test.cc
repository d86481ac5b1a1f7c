// Sections against slices of the message as it was put together.
#include <gtest/gtest.h>

#include "tests/unit/imap_fetch/fetch_rig.h"
#include "tests/unit/imap_fetch/samples.h"

namespace gatepost::dataplane {
namespace {

void expect_section(std::string_view section, std::string_view wanted, std::string_view message) {
    const std::string name = "BODY[" + std::string(section) + "]";
    for (const bool with_summary : {true, false})
        EXPECT_EQ(fetch_text(name, message, {.with_summary = with_summary}),
                  name + " " + literal(wanted));
}

TEST(Sections, AreThePartsOfTheMessage) {
    const NestedMessage nested = nested_message();
    const std::string message = nested.whole();
    expect_section("", message, message);
    expect_section("HEADER", nested.header, message);
    expect_section("TEXT", nested.body, message);
    expect_section("1", nested.text, message);
    expect_section("1.MIME", nested.text_mime, message);
    expect_section("2", nested.message(), message);
    expect_section("2.MIME", nested.message_mime, message);
    expect_section("2.HEADER", nested.message_header, message);
    expect_section("2.TEXT", nested.message_text, message);
    expect_section("2.1", nested.inner_1, message);
    expect_section("2.1.MIME", nested.inner_1_mime, message);
    expect_section("2.2", nested.inner_2, message);
    expect_section("2.2.MIME", nested.inner_2_mime, message);
    expect_section("3", nested.image, message);
    expect_section("3.MIME", nested.image_mime, message);
}

TEST(Sections, ThatAreNotThereAreNil) {
    const std::string message = nested_message().whole();
    for (const std::string section :
         {"4", "1.1", "1.HEADER", "1.TEXT", "2.3", "2.1.1", "3.HEADER.FIELDS (From)", "4.MIME"})
        EXPECT_EQ(fetch_text("BODY[" + section + "]", message), "BODY[" + section + "] NIL");
    EXPECT_EQ(fetch_text("BINARY[4] BINARY.SIZE[4]", message), "BINARY[4] NIL BINARY.SIZE[4] 0");
    EXPECT_EQ(fetch_text("BODY[4]<2.3>", message), "BODY[4]<2> NIL");
}

TEST(Sections, OfAMessageWithoutParts) {
    // RFC 9051 §6.4.5: "Every message has at least one part number."
    expect_section("1", "The minutes\r\nfollow.\r\n", kPlainMessage);
    expect_section("1.MIME", kPlainMessage.substr(0, kPlainMessage.find("The minutes")),
                   kPlainMessage);
    EXPECT_EQ(fetch_text("BODY[2]", kPlainMessage), "BODY[2] NIL");
    EXPECT_EQ(fetch_text("BODY[1.1]", kPlainMessage), "BODY[1.1] NIL");
}

TEST(Sections, OfAMessageThatIsAMessage) {
    const std::string inner = crlf("Subject: inner\n\ninner text\n");
    const std::string header = crlf("Subject: outer\nContent-Type: message/rfc822\n\n");
    expect_section("HEADER", header, header + inner);
    expect_section("TEXT", inner, header + inner);
    expect_section("1", inner, header + inner);
    expect_section("1.HEADER", crlf("Subject: inner\n\n"), header + inner);
    expect_section("1.TEXT", crlf("inner text\n"), header + inner);
    expect_section("1.1", crlf("inner text\n"), header + inner);
}

TEST(Sections, UnderTheNamesOfRfc3501) {
    const NestedMessage nested = nested_message();
    EXPECT_EQ(fetch_text("RFC822", nested.whole()), "RFC822 " + literal(nested.whole()));
    EXPECT_EQ(fetch_text("RFC822.HEADER", nested.whole()),
              "RFC822.HEADER " + literal(nested.header));
    EXPECT_EQ(fetch_text("RFC822.TEXT", nested.whole()), "RFC822.TEXT " + literal(nested.body));
}

TEST(Sections, InPartAreSlices) {
    const NestedMessage nested = nested_message();
    const std::string message = nested.whole();
    const std::pair<std::string, std::string> sections[] = {
        {"", message},      {"HEADER", nested.header}, {"TEXT", nested.body},
        {"1", nested.text}, {"2.2", nested.inner_2},   {"3.MIME", nested.image_mime}};
    for (const auto& [section, whole] : sections) {
        for (const size_t first : {size_t{0}, size_t{1}, size_t{7}, whole.size() - 1, whole.size(),
                                   whole.size() + 1, size_t{1} << 31}) {
            for (const size_t octets : {size_t{1}, size_t{5}, whole.size(), size_t{0xffffffff}}) {
                const std::string name = "BODY[" + section + "]<" + std::to_string(first);
                const std::string wanted =
                    first < whole.size() ? whole.substr(first, octets) : std::string();
                EXPECT_EQ(fetch_text(name + "." + std::to_string(octets) + ">", message),
                          name + "> " + literal(wanted));
            }
        }
    }
}

TEST(Sections, OfChosenFields) {
    const NestedMessage nested = nested_message();
    const std::string message = nested.whole();
    expect_section("HEADER.FIELDS (subject RECEIVED)",
                   crlf("Received: by a\nSubject: nested\nReceived: by b;\n\tfolded\n\n"), message);
    expect_section("HEADER.FIELDS.NOT (received content-type)",
                   crlf("From: Alice <alice@example.org>\nTo: bob@example.net\n"
                        "Subject: nested\n\n"),
                   message);
    expect_section("HEADER.FIELDS (X-Absent)", "\r\n", message);
    expect_section("2.HEADER.FIELDS (Subject)", "Subject: inner\r\n\r\n", message);
    expect_section("2.HEADER.FIELDS.NOT (Subject Content-Type)",
                   "From: Carol <carol@example.com>\r\n\r\n", message);
    EXPECT_EQ(fetch_text("BODY[HEADER.FIELDS (To)]<4.5>", message),
              "BODY[HEADER.FIELDS (To)]<4> " + literal("bob@e"));
}

TEST(Sections, HaveTheEmptyLineOfTheHeader) {
    expect_section("HEADER.FIELDS (A)", "A: 1\n\n", "A: 1\nB: 2\n\nbody");
    expect_section("HEADER.FIELDS (A)", "A: 1\r\n\r\n", "A: 1\r\nB: 2\r\n\r\n");
    // RFC 9051 §6.4.5.1: no body and no empty line.
    expect_section("HEADER.FIELDS (A)", "A: 1\r\n", "A: 1\r\nB: 2\r\n");
    expect_section("HEADER.FIELDS (B)", "B: 2", "A: 1\r\nB: 2");
    // A header that ends before a line that is none of its own.
    expect_section("HEADER.FIELDS (A)", "A: 1\r\n\r\n", "A: 1\r\nno field\r\n");
    expect_section("HEADER", "A: 1\r\n", "A: 1\r\nno field\r\n");
    expect_section("TEXT", "no field\r\n", "A: 1\r\nno field\r\n");
}

TEST(Sections, NameFieldsAsTheyWereAskedFor) {
    FetchItem item;
    item.kind = FetchItem::Kind::body_section;
    item.section.text = FetchSection::Text::header_fields;
    item.section.fields = {"subject", "X Y", "a\"b"};
    const FetchPlan plan({item}, {});
    EXPECT_TRUE(plan.needs_body() && plan.needs_summary() && plan.sets_seen());
    BodyStore store(kPlainMessage);
    FetchedMessage message;
    message.number = 3;
    message.entry = sample_entry(kPlainMessage.size());
    StreamRig rig;
    const Charsets charsets;
    rig.serve([&](Stream& stream) -> Task<> {
        const auto result = co_await write_with_body(plan, message, store, charsets, stream);
        EXPECT_EQ(result.status, FetchStatus::ok);
        (void)co_await stream.push();
    });
    EXPECT_EQ(rig.transport.take_sent(),
              "* 3 FETCH (BODY[HEADER.FIELDS (subject \"X Y\" \"a\\\"b\")] " +
                  literal("Subject: IMAP4rev2 WG mtg summary and minutes\r\n\r\n") + ")\r\n");
}

TEST(Sections, HaveNoNulInThem) {
    using namespace std::string_literals;
    const std::string message = "Subject: x\r\n\r\na\0b\r\n"s;
    EXPECT_EQ(fetch_text("BODY[TEXT]", message), "BODY[TEXT] {5}\r\na\x80"s + "b\r\n");
    EXPECT_EQ(fetch_text("BINARY[1]", message), "BINARY[1] ~{5}\r\na\0b\r\n"s);
}

TEST(Sections, OfAnEmptyMessage) {
    expect_section("", "", "");
    expect_section("HEADER", "", "");
    expect_section("TEXT", "", "");
    expect_section("1", "", "");
    expect_section("HEADER.FIELDS (From)", "", "");
    EXPECT_EQ(fetch_text("BINARY[1] BINARY.SIZE[1]", ""), "BINARY[1] ~{0}\r\n BINARY.SIZE[1] 0");
}

TEST(Sections, SharedByOneRead) {
    const std::string message = nested_message().whole();
    BodyStore store(message);
    const Fetched fetched =
        fetch("UID BODY[HEADER] BODY[1] BINARY[2.1] BINARY.SIZE[3] BODY[HEADER.FIELDS (To)] FLAGS",
              store, message.size(), {.summary = encoded_summary_of(message)});
    EXPECT_EQ(fetched.result.status, FetchStatus::ok);
    EXPECT_EQ(store.reads, 1U);
    EXPECT_TRUE(is_well_formed(fetched.text));
    EXPECT_TRUE(fetched.text.starts_with("* 3 FETCH (UID 7 BODY[HEADER] {"));
    EXPECT_TRUE(fetched.text.ends_with(" FLAGS (\\Seen \\Flagged $Forwarded))\r\n"));
    BodyStore without_summary(message);
    EXPECT_EQ(fetch("ENVELOPE BODY[1] BODY[]", without_summary, message.size(), {}).result.status,
              FetchStatus::ok);
    EXPECT_EQ(without_summary.reads, 1U);
}

TEST(Sections, OfTheHeaderReadNothingElse) {
    const std::string message = kPlainMessage + std::string(300'000, 'x');
    const size_t header = message.find("The minutes");
    BodyStore store(message);
    const Fetched fetched = fetch("BODY[HEADER.FIELDS (From)]", store, message.size(),
                                  {.summary = encoded_summary_of(message)});
    EXPECT_EQ(fetched.result.status, FetchStatus::ok);
    EXPECT_EQ(store.octets_read, header);
}

TEST(Sections, OfALongHeaderAreThoseTakenNoticeOf) {
    std::string message = "First: 1\r\n";
    while (message.size() < 400'000) message += "X-Filler: " + std::string(60, 'x') + "\r\n";
    message += "Last: 2\r\n\r\nbody\r\n";
    expect_section("HEADER.FIELDS (First Last)", "First: 1\r\n\r\n", message);
    expect_section("HEADER", message.substr(0, message.size() - 6), message);
}

TEST(Sections, BeyondWhatIsLookedInto) {
    // 150 levels of multiparts: the structure is truncated below the hundredth.
    std::string message;
    std::string end;
    for (int level = 0; level < 150; ++level) {
        const std::string boundary = "b" + std::to_string(level) + "x";
        message += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
                   "\r\n";
        end = "\r\n--" + boundary + "--\r\n" + end;
    }
    message += "\r\nleaf" + end;
    const MessageSummary summary = summary_of(message);
    ASSERT_TRUE(summary.truncated_structure);
    std::string path = "1";
    for (size_t level = 1; level + 1 < summary.parts.size(); ++level) path += ".1";
    const MessagePart& last = summary.parts.back();
    expect_section(path, message.substr(last.body_offset(), last.body_size), message);
    EXPECT_EQ(fetch_text("BODY[" + path + ".1]", message), "BODY[" + path + ".1] NIL");
    EXPECT_TRUE(is_well_formed(fetch("BODYSTRUCTURE", message).text));
}

}  // namespace
}  // namespace gatepost::dataplane
