#include "tests/unit/imap_fetch/samples.h"

namespace gatepost::dataplane {

std::string crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

const std::string kPlainMessage = crlf(
    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\n"
    "From: Terry Gray <gray@cac.washington.edu>\n"
    "Subject: IMAP4rev2 WG mtg summary and minutes\n"
    "To: imap@cac.washington.edu\n"
    "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\n"
    "Message-Id: <B27397-0100000@cac.washington.edu>\n"
    "MIME-Version: 1.0\n"
    "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\n"
    "\n"
    "The minutes\n"
    "follow.\n");

NestedMessage nested_message() {
    NestedMessage nested;
    nested.header = crlf(
        "From: Alice <alice@example.org>\n"
        "To: bob@example.net\n"
        "Received: by a\n"
        "Subject: nested\n"
        "Received: by b;\n"
        "\tfolded\n"
        "Content-Type: multipart/mixed; boundary=outer\n"
        "\n");
    nested.text_mime = crlf("Content-Type: text/plain; charset=utf-8\nContent-ID: <1@x>\n\n");
    nested.text = "Hello, Bob.\r\nTwo lines.";
    nested.message_mime = crlf("Content-Type: message/rfc822\n\n");
    nested.message_header = crlf(
        "From: Carol <carol@example.com>\n"
        "Subject: inner\n"
        "Content-Type: multipart/alternative; boundary=inner\n"
        "\n");
    nested.inner_1_mime = crlf(
        "Content-Type: text/plain\n"
        "Content-Transfer-Encoding: quoted-printable\n\n");
    nested.inner_1 = "J=C3=B6rg=\r\n and so on";
    nested.inner_2_mime = crlf(
        "Content-Type: text/html\n"
        "Content-Transfer-Encoding: BASE64\n\n");
    nested.inner_2 = "PGI+SGVs\r\nbG88L2I+";
    nested.message_text = "--inner\r\n" + nested.inner_1_mime + nested.inner_1 + "\r\n--inner\r\n" +
                          nested.inner_2_mime + nested.inner_2 + "\r\n--inner--\r\nepilogue";
    nested.image_mime = crlf(
        "Content-Type: image/png; name=\"a.png\"\n"
        "Content-Disposition: attachment; filename*=utf-8''%C3%A4.png\n"
        "Content-Transfer-Encoding: base64\n\n");
    nested.image = "AAECAwA=";
    nested.body = "preamble\r\n--outer\r\n" + nested.text_mime + nested.text + "\r\n--outer\r\n" +
                  nested.message_mime + nested.message() + "\r\n--outer\r\n" + nested.image_mime +
                  nested.image + "\r\n--outer--\r\n";
    return nested;
}

}  // namespace gatepost::dataplane
