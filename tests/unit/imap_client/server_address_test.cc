#include "tools/gatepost/imap_client/server_address.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

using Privacy = ServerAddress::Privacy;

TEST(ServerAddress, WhatIsUnderstood) {
    const struct {
        const char* text;
        const char* host;
        uint16_t port;
        Privacy privacy;
    } cases[] = {
        {"imaps://imap.example.org", "imap.example.org", 993, Privacy::tls},
        {"imaps://imap.example.org/", "imap.example.org", 993, Privacy::tls},
        {"imap://imap.example.org", "imap.example.org", 143, Privacy::start_tls},
        {"imap://imap.example.org:1143", "imap.example.org", 1143, Privacy::start_tls},
        {"imap.example.org", "imap.example.org", 993, Privacy::tls},
        {"imap.example.org:9993", "imap.example.org", 9993, Privacy::tls},
        {"imaps://[2001:db8::1]:994", "2001:db8::1", 994, Privacy::tls},
        {"imaps://[2001:db8::1]", "2001:db8::1", 993, Privacy::tls},
        {"192.0.2.1", "192.0.2.1", 993, Privacy::tls},
    };
    for (const auto& one : cases) {
        const auto address = server_address_from_text(one.text);
        ASSERT_TRUE(address) << one.text;
        EXPECT_EQ(address->host, one.host) << one.text;
        EXPECT_EQ(address->port, one.port) << one.text;
        EXPECT_EQ(address->privacy, one.privacy) << one.text;
    }
    EXPECT_EQ(server_address_from_text("imaps://[::1]")->text(), "[::1]:993");
    EXPECT_EQ(server_address_from_text("imap://a.example")->text(), "a.example:143");
}

TEST(ServerAddress, WhatIsRefused) {
    for (const char* text :
         {"", "imaps://", "https://a.example", "imaps://ada@a.example",
          "imaps://ada:secret@a.example", "imaps://a.example:0", "imaps://a.example:65536",
          "imaps://a.example:9x", "imaps://a.example/INBOX", "imaps://[::1", "imaps://[::1]993",
          "a b", "imaps://a.example:"}) {
        const auto address = server_address_from_text(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().code, ErrorCode::usage);
    }
}

}  // namespace
}  // namespace gatepost::tools
