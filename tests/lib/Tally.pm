# SPDX-License-Identifier: GPL-3.0-or-later
# prove's usual report, and one last line: "N passed, N failed". A test file that ends badly without
# a failed test of its own counts as one failure.
package Tally;
use strict;
use warnings;
use parent 'TAP::Formatter::Console';

sub summary {
    my ($self, $aggregate, @rest) = @_;
    $self->SUPER::summary($aggregate, @rest);
    my $failed = $aggregate->failed;
    for my $parser ($aggregate->parsers) {
        my $bad = $parser->exit || $parser->wait || $parser->parse_errors || $parser->tests_run == 0;
        $failed++ if $bad && !$parser->failed && !$parser->skip_all;
    }
    printf "%d passed, %d failed\n", scalar $aggregate->passed, $failed;
}
1;
