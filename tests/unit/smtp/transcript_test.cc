// Every file of tests/transcripts/smtp is a test of its own.
#include "tests/unit/smtp/transcript.h"

#include <gtest/gtest.h>

#include "tests/unit/stream/transcript_file.h"

namespace gatepost::tests {

namespace {

class Transcript : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Transcript, IsWhatIsSaid) {
    EXPECT_EQ(play_transcript(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Smtp, Transcript, testing::ValuesIn(transcripts_in(GATEPOST_TRANSCRIPTS)),
                         [](const auto& test) { return test.param.stem().string(); });

}  // namespace

}  // namespace gatepost::tests
