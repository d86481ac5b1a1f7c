// How fast messages are read. Budget: mail comes in at the rate of a network card and a disk, some
// 1 GB/s on a machine; a worker should read 500 MB/s of bodies, so that parsing takes a fraction of
// a core. The counter summary_octets is what is stored beside the message.
#include <benchmark/benchmark.h>

#include <string>

#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"

using namespace gatepost;
using namespace gatepost::dataplane;

namespace {

constexpr size_t kPiece = 16384;  // octets: what one read of a TLS connection gives at most

// As most mail begins on arrival.
constexpr std::string_view kHeader =
    "Return-Path: <bounces+123@lists.example.net>\r\n"
    "Received: from mail.example.net (mail.example.net [192.0.2.7])\r\n"
    "\tby mx.example.org (Gatepost) with ESMTPS id 4d1f3c2b\r\n"
    "\tfor <alice@example.org>; Fri, 21 Nov 2025 09:55:06 +0100\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s2025;\r\n"
    "\th=from:to:subject:date:message-id:mime-version:content-type;\r\n"
    "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
    "\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
    "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.net>\r\n"
    "To: Alice <alice@example.org>, \"Smith, Bob\" <bob@example.org>\r\n"
    "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from the coast\r\n"
    "Date: Fri, 21 Nov 2025 09:55:01 +0100\r\n"
    "Message-ID: <20251121095501.4711@example.net>\r\n"
    "MIME-Version: 1.0\r\n";

std::string lines(size_t octets) {
    constexpr std::string_view kLine =
        "VGhpcyBpcyBhIGxpbmUgb2Ygc2V2ZW50eS1zaXggb2N0ZXRzIG9mIGJhc2U2NCBpbiBhIGJvZHku\r\n";
    std::string body;
    while (body.size() < octets) body += kLine;
    body.resize(octets);
    return body;
}

std::string plain_message(size_t octets) {
    const std::string header = std::string(kHeader) + "\r\n";
    return header + lines(octets - header.size());
}

std::string multipart_message(size_t octets) {
    std::string message(kHeader);
    message +=
        "Content-Type: multipart/mixed; boundary=\"=_1b\"\r\n\r\n--=_1b\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_2b\"\r\n\r\n--=_2b\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nHello, Alice.\r\n\r\n-- \r\nBob\r\n"
        "--=_2b\r\nContent-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Hello, Alice.</p>\r\n--=_2b--\r\n"
        "--=_1b\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\n"
        "Content-Disposition: attachment; filename=\"report.pdf\"\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n";
    constexpr std::string_view kEnd = "\r\n--=_1b--\r\n";
    return message + lines(octets - message.size() - kEnd.size()) + std::string(kEnd);
}

void read_message(benchmark::State& state, const std::string& message) {
    const Charsets charsets = Charsets::open_all();
    std::vector<uint8_t> encoded;
    for (auto _ : state) {
        MimeParser parser(charsets);
        Bytes rest(reinterpret_cast<const uint8_t*>(message.data()), message.size());
        while (!rest.empty()) {
            const Bytes piece = rest.first(std::min(rest.size(), kPiece));
            parser.feed(piece);
            rest = rest.subspan(piece.size());
        }
        encoded.clear();
        encode_summary(parser.finish(), encoded);
        benchmark::DoNotOptimize(encoded.data());
    }
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * message.size()));
    state.counters["summary_octets"] = static_cast<double>(encoded.size());
}

void plain(benchmark::State& state) {
    read_message(state, plain_message(static_cast<size_t>(state.range(0))));
}
void multipart(benchmark::State& state) {
    read_message(state, multipart_message(static_cast<size_t>(state.range(0))));
}

// The worst that may come: every line looks like a boundary of one of a hundred multiparts.
void hostile(benchmark::State& state) {
    const std::string same(60, 'b');
    std::string message;
    for (int i = 100; i < 199; ++i) {
        const std::string boundary = same + std::to_string(i);
        message += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
                   "\r\n";
    }
    message += "\r\n";
    while (message.size() < static_cast<size_t>(state.range(0))) message += "--" + same + "000\r\n";
    read_message(state, message);
}

}  // namespace

BENCHMARK(plain)->Arg(4 << 10)->Arg(1 << 20);
BENCHMARK(multipart)->Arg(4 << 10)->Arg(1 << 20);
BENCHMARK(hostile)->Arg(1 << 20);
BENCHMARK_MAIN();
