"""Where a parcel may go: to a door that somebody opens."""

from __future__ import annotations

import pytest

from service.enrollment.rules.delivery import REFUSALS, check_street, kind_of
from service.kit.errors import Rejected

BOXES = (
    "PO Box 12",
    "P.O. Box 12",
    "p o box 12",
    "P. O. BOX 12",
    "POBox 12",
    "PO Box12",
    "P0 Box 3",
    "POB 12",
    "P.O.B. 12",
    "P O Bx 4",
    "Post Office Box 12",
    "Postal Box 9",
    "Box 12",
    "BOX #12",
    "Drawer D",
    "PO Drawer 12",
    "Caller 1234",
    "General Delivery",
    "Apartado 12",
    "Apartado Postal 12",
    "PSC 4 Box 12",
    "CMR 450 Box 12",
    "Unit 2050 Box 4190",
    "ＰＯ Ｂｏｘ 12",
    "12 Main St PO Box 4",
    "PO Box",
    "P.O. Box: 12",
    "Lockbox 3",
)
MAIL_SHOPS = (
    "PMB 12",
    "PMB#12",
    "P.M.B. 12",
    "100 Main St PMB 12",
    "Private Mailbox 12",
    "Mailbox 12",
    "The UPS Store",
    "c/o The UPS Store #123",
    "Mail Boxes Etc.",
    "PostNet 12",
    "Pak Mail",
    "Amazon Locker Kiwi",
    "Amazon Hub Locker",
    "Virtual Office 4",
    "iPostal1",
)
FORWARDERS = (
    "Freight Forwarder Inc",
    "c/o MyUS",
    "Mail Forwarding 12",
    "Parcel forwarding unit 4",
    "Reshipping Co",
    "Package-Forwarding Suite 2",
    "Shipito 4",
)
HOMES = (
    "12 Box Elder Rd",
    "Box Elder Rd 12",
    "12 Boxwood Ln",
    "4 Post Office Rd",
    "18 Old Post Office Lane",
    "7 Mailbox Ct",
    "3 Mail Box Ln",
    "12 Po Box Canyon Rd",
    "9 Box Canyon Dr",
    "12 Postal Way",
    "4 Drawer Ln",
    "8 Caller Rd",
    "RR 2 Box 15",
    "HC 1 Box 12",
    "Apt 4",
    "Unit 12",
    "Unit B",
    "Suite 200",
    "# 12",
    "Lot 12",
    "Bldg B Apt 4",
    "1 Main St",
    "123 N Poboxton Ave",
    "5 Forward St",
    "12 Forwarder Way",
    "2 Freight St",
    "Freight House Rd",
    "General Delivery Rd 4",
    "22 Port Box Ave",
    "12 UPS Rd",
    "9 Private Rd 1234",
    "2 P O Boxer St",
    "14 Pomb Ln",
    "1 E Point Of Box Ln",
    "Floor 2",
    "PH 4",
    "Bin Rd 3",
    "12 Bin",
    "Unit 12 Box Elder",
    "County Road 12 Box 3",
    "12 Apartado Ct",
    "Shipley St 4",
    "7 Amazon Ln",
    "3 Locker Rd",
    "P St 4",
    "12 O St",
    "Apt PO",
    "Apt B",
    "Box Springs Rd 5",
)


@pytest.mark.parametrize(
    ("line", "kind"),
    [(line, "post_box") for line in BOXES]
    + [(line, "private_box") for line in MAIL_SHOPS]
    + [(line, "forwarder") for line in FORWARDERS],
)
def test_where_nobody_can_hand_over_a_parcel_none_goes(line: str, kind: str):
    assert kind_of(line) == kind
    assert kind_of("12 Main St", line.upper()) == kind, "whichever line it stands in, in capitals too"
    with pytest.raises(Rejected) as no:
        check_street("12 Main St", f"  {line} ")
    assert no.value.code == "not_a_street"
    assert "street address where you live" in REFUSALS[kind]


@pytest.mark.parametrize("line", HOMES)
def test_nobody_is_refused_for_the_name_of_their_street(line: str):
    check_street(line)
    check_street("12 Main St", line)


def test_a_line_as_long_as_a_page_is_read_in_no_time():
    assert kind_of("p o " * 20_000, "box " * 20_000) == "street"
