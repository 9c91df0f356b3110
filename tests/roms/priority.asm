; Two faults in one instruction: which is reported. SDM 3A table 6-2 (fetch, then decoding, then execution), and the order
; of the checks in the instructions' operation sections. (Interrupts and traps: external.asm, watchpoint.asm)
%include "lib/rom.inc"

; WINDOW is absent: any access to it would be #PF.
%macro BOTH 4-5 PM32  ; name, CPL, fault, code, mode
CHECK priority.%1_at_cpl_%2_in_%5, "SDM 3A 6.9"
    IN %5, %2
    PAGING P32
    SET ebx, WINDOW
    SET esi, WINDOW
    SET edi, WINDOW
    SET ecx, 0
    SET edx, 0
CODE
    %4
    %ifidni %3, GP
EXPECT GP, 0
    %else
EXPECT %3
    %endif
%endmacro

; ---- the opcode and the mode before memory ----
BOTH lock_before_page_fault, 3, UD, {db 0xf0, 0x89, 0x03}       ; lock mov [ebx], eax
BOTH lock_cmp_before_page_fault, 3, UD, {db 0xf0, 0x39, 0x03}
BOTH ud1_before_page_fault, 3, UD, {db 0x0f, 0xb9, 0x03}
BOTH group_4_before_page_fault, 3, UD, {db 0xfe, 0x3b}
BOTH group_11_before_page_fault, 3, UD, {db 0xc6, 0x0b, 1}
BOTH mov_cs_before_page_fault, 3, UD, {db 0x8e, 0x0b}
BOTH sldt_in_v86_before_page_fault, 3, UD, {a32 sldt [ebx]}, V86
BOTH str_in_v86_before_page_fault, 3, UD, {a32 str [ebx]}, V86
BOTH lldt_in_v86_before_page_fault, 3, UD, {a32 lldt [ebx]}, V86
BOTH verr_in_v86_before_page_fault, 3, UD, {a32 verr [ebx]}, V86
BOTH lar_in_v86_before_page_fault, 3, UD, {a32 lar eax, [ebx]}, V86
BOTH arpl_in_v86_before_page_fault, 3, UD, {a32 arpl [ebx], ax}, V86

; ---- the privilege before memory ----
BOTH lgdt_before_page_fault, 3, GP, {lgdt [ebx]}
BOTH lidt_before_page_fault, 3, GP, {lidt [ebx]}
BOTH lldt_before_page_fault, 3, GP, {lldt [ebx]}
BOTH ltr_before_page_fault, 3, GP, {ltr [ebx]}
BOTH lmsw_before_page_fault, 3, GP, {lmsw [ebx]}
BOTH invlpg_privilege, 3, GP, {invlpg [ebx]}
BOTH lgdt_before_page_fault, 1, GP, {lgdt [ebx]}
BOTH ltr_before_page_fault, 2, GP, {ltr [ebx]}
BOTH insb_forbidden_before_page_fault, 3, GP, {insb}
BOTH outsd_forbidden_before_page_fault, 3, GP, {outsd}
BOTH lgdt_before_limit, 3, GP, {a32 lgdt [ebx]}, V86

; ---- #NM before memory ----
%macro NM_FIRST 3+
CHECK priority.nm_before_page_fault_by_%1, "SDM 3A 6.9"
    PAGING P32
    NEEDS FPU
    SET_CR0 %2
CODE
    %3
EXPECT NM
%endmacro
NM_FIRST fld_with_ts, CR0_TS, fld dword [WINDOW]
NM_FIRST fst_with_ts, CR0_TS, fst qword [WINDOW]
NM_FIRST fld_with_em, CR0_EM, fld dword [WINDOW]
NM_FIRST fnstcw_with_ts, CR0_TS, fnstcw [WINDOW]
NM_FIRST fnsave_with_em, CR0_EM, fnsave [WINDOW]

; ---- the segment before the page ----
%macro SEGMENT_FIRST 5  ; name, fault, access byte of FREE, its limit in pages, code
CHECK priority.%1_before_page_fault, "SDM 3A 4.2, 5.3: paging follows segmentation"
    PAGING P32
    DESC FREE, 0, %4, %3, BIG | PAGES_4K
    SET fs, FREE | 3
    SET ebx, WINDOW
CODE
    %5
EXPECT %2, 0
%endmacro
SEGMENT_FIRST limit, GP, PRESENT | DPL(3) | DATA_RW, WINDOW / 0x1000 - 1, {mov eax, [fs:ebx]}
SEGMENT_FIRST limit_of_a_straddling_read, GP, PRESENT | DPL(3) | DATA_RW, WINDOW / 0x1000 - 1, {mov eax, [fs:ebx - 2]}
SEGMENT_FIRST read_only, GP, PRESENT | DPL(3) | DATA_R, 0xfffff, {mov [fs:ebx], eax}
SEGMENT_FIRST code, GP, PRESENT | DPL(3) | CODE_XR, 0xfffff, {mov [fs:ebx], eax}
SEGMENT_FIRST expand_down, GP, PRESENT | DPL(3) | DATA_DOWN_RW, WINDOW / 0x1000, {mov [fs:ebx], eax}

CHECK priority.null_segment_before_page_fault, "SDM 3A 5.3.1"
    PAGING P32
    SET fs, 0
CODE
    mov eax, [fs:WINDOW]
EXPECT GP, 0

CHECK priority.stack_limit_before_page_fault, "SDM 3A 5.3"
    PAGING P32
    DESC FREE, 0, WINDOW / 0x1000 - 1, PRESENT | DPL(3) | DATA_RW, BIG | PAGES_4K
    SET ss, FREE | 3
    SET esp, WINDOW
CODE
    pop eax
EXPECT SS, 0

; ---- memory before what is computed from it ----
%macro PAGE_FIRST 3  ; name, error code, code
CHECK priority.page_fault_before_%1, "SDM 2A, 2B: operation"
    PAGING P32
    SET eax, 0
    SET edx, 0xffffffff
    SET ebx, WINDOW
CODE
    %3
EXPECT PF, %2
WANT cr2, WINDOW
WANT_ANY PD + 4, 1                  ; SDM 3A 4.8 leaves it open
%endmacro
PAGE_FIRST divide_error, 4, {div dword [ebx]}
PAGE_FIRST divide_error_of_idiv, 4, {idiv dword [ebx]}
PAGE_FIRST bound_range, 4, {bound eax, [ebx]}
PAGE_FIRST selector_check_of_mov_ds, 4, {mov ds, [ebx]}
PAGE_FIRST selector_check_of_mov_ss, 4, {mov ss, [ebx]}
PAGE_FIRST selector_check_of_lds, 4, {lds eax, [ebx]}
WANT_BITS cr2, ~7                   ; which part is read first is not said
PAGE_FIRST far_jump_target, 4, {jmp far [ebx]}
WANT_BITS cr2, ~7                   ; which part is read first is not said
PAGE_FIRST far_call_target, 4, {call far [ebx]}
WANT_BITS cr2, ~7                   ; which part is read first is not said
PAGE_FIRST jump_target, 4, {jmp [ebx]}

; ---- the fetch before decoding, and the code segment before the page ----

; The window's first page holds the beginning of an instruction, its second page is absent.
%macro FETCH 3+  ; name, where the bytes begin, bytes
CHECK priority.fetch_%1, "SDM 3A 6.9"
    PAGING P32
    PUT dword [PD + 4], PT_WINDOW | PTE_ALL
    PUT dword [PT_WINDOW], FRAME_A | PTE_ALL
    mov esi, %%bytes
    mov edi, FRAME_A + 0x1000 - (%2)
    mov ecx, %2
    rep movsb
    jmp %%end
%%bytes:
    db %3
%%end:
    SET eax, WINDOW + 0x1000 - (%2)
CODE
    jmp eax
%endmacro
%macro EXPECT_FETCH_PF 1
EXPECT PF, 4
WANT eip, WINDOW + 0x1000 - (%1)
WANT cr2, WINDOW + 0x1000
%endmacro
FETCH of_an_opcodes_second_byte_is_pf, 1, 0x0f
EXPECT_FETCH_PF 1
FETCH of_an_immediate_is_pf, 3, 0xb8, 1, 2
EXPECT_FETCH_PF 3
FETCH of_a_modrm_of_ud1_is_pf, 2, 0x0f, 0xb9
EXPECT_FETCH_PF 2
FETCH after_prefixes_is_pf, 4, 0x66, 0x67, 0x3e, 0x26
EXPECT_FETCH_PF 4
FETCH after_lock_is_pf, 1, 0xf0
EXPECT_FETCH_PF 1
FETCH of_14_prefixes_is_pf, 14, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66
EXPECT_FETCH_PF 14
; What ends before the page is not fetched beyond it.
FETCH of_ud2_ends_before_the_page, 2, 0x0f, 0x0b
EXPECT UD
WANT eip, WINDOW + 0x1000 - 2
FETCH of_an_empty_opcode_ends_before_the_page, 2, 0x0f, 0x0a
EXPECT UD
WANT eip, WINDOW + 0x1000 - 2
FETCH of_hlt_ends_before_the_page, 1, 0xf4
EXPECT GP, 0
WANT eip, WINDOW + 0x1000 - 1
FETCH of_nop_faults_at_the_next, 1, 0x90
EXPECT PF, 4
WANT eip, WINDOW + 0x1000
WANT cr2, WINDOW + 0x1000

; A code segment that ends where the absent page begins: #GP(0), not #PF
%macro CODE_END 2+  ; name, bytes, ending at the limit
CHECK priority.code_limit_before_page_fault_%1, "SDM 3A 6.9, 5.3"
    PAGING P32
    PUT dword [PD + 4], PT_WINDOW | PTE_ALL
    PUT dword [PT_WINDOW], FRAME_A | PTE_ALL
    DESC FREE, 0, WINDOW / 0x1000, PRESENT | DPL(3) | CODE_XR, BIG | PAGES_4K
    PUT dword [FRAME_A + 0xffc], 0x90909090
    PUT byte [FRAME_A + 0xfff], %2
    PUT dword [DATA], WINDOW + 0xffe
    PUT word [DATA + 4], FREE | 3
CODE
    jmp far [DATA]
EXPECT GP, 0
WANT cs, FREE | 3
WANT_TYPE FREE, PRESENT | DPL(3) | CODE_XR | ACCESSED
%endmacro
CODE_END in_an_instruction, 0xb0
WANT eip, WINDOW + 0xfff
CODE_END at_the_next_instruction, 0x90
WANT eip, WINDOW + 0x1000

END_OF_CHECKS
